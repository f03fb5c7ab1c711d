// Sentences of a text, as in s2s_tutorial/translation/paragraphs.py. That module uses a library, and this script follows the
// rules by which the library decides. The lists of abbreviations in the model's file say where a full stop ends nothing.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  const BEFORE = /^[\p{White_Space}\x1c-\x1f]*/u, AFTER = /[\p{White_Space}\x1c-\x1f]*$/u;
  const LINE = /[^\n]*\n|[^\n]+/gu, LINE_END = /\n\s*$/u, LETTER = /\p{L}/u, NUMBER = /^\s*\p{N}/u, LOWER = /^\p{Ll}/u;
  // Marks, and either a space or what does not continue a word or a number, as in "3.5" or "example.com".
  const SEGMENT = /.*?(?<![\p{Sentence_Terminal}…])[\p{Sentence_Terminal}…]+(?:\s+|(?![0-9a-z\p{Sentence_Terminal}…]))|.+/gsu;
  const INITIAL = /(?:^|[\s.'’])\p{L}\.\s*$/u; // one letter, as in « т. е. » or "J. B. Petit"
  const SMALL_INITIAL = /(?:^|[\s.])\p{Ll}\.\s+$/u; // as in "p.m.", which may end a sentence
  const DOUBLE_INITIAL = /(?<!\p{L})\p{L}\.-\p{L}\.\s*$/u; // of a name such as "J.-P. Petit"
  const ENGLISH_I = /(?<![\p{L}.])I\.\s+$/u; // a word
  const ONE_MARK = /[^\s\p{Sentence_Terminal}…]\p{Sentence_Terminal}\s*$/u; // right after a word; others may be inside a sentence
  const LAST_WORD = /(?<!\p{L})(\p{L}+)\.\s*$/u;
  const ASIDE = /\S\s*\([^()]*\)\s*$/u; // in brackets, but not a whole sentence
  const PAIRS = [["«", "»"], ["»", "«"], ["‹", "›"], ["„", "“"], ["“", "”"], ["‘", "’"], ["「", "」"], ["『", "』"], ["(", ")"]]; // a sentence does not end inside them
  const OPEN_QUOTE = /(?<![\p{L}\p{N}])'(?=[\p{L}\p{N}])/gu, CLOSED_QUOTE = /'(?![\p{L}\p{N}])/gu; // not apostrophes
  const CLOSING = /^[»«›”“"'’)\]」』]+\s*/u;
  /** @type {(words: string[]) => string} */
  const oneOf = (words) => "(?:" + (words.join("|") || "(?!)") + ")";
  /** @type {(text: string, mark: string | RegExp) => number} */
  const count = (text, mark) => text.split(mark).length - 1;

  /**
   * Make the rules that depend on the language and on the lists of a model's file.
   * @type {S2sSentences["languageRules"]}
   */
  function languageRules(language, { titles, numbered, articles = [], abbreviations = [] }) {
    if (![...titles, ...numbered, ...articles, ...abbreviations].every((one) => /^\p{L}{1,20}$/u.test(one))) throw new Error("abbreviations");
    const months = Array.from({ length: 12 }, (_, month) => new Date(2000, month).toLocaleDateString("de", { month: "long" }));
    return {
      language,
      title: new RegExp("(?:^|[\\s(«“„\"'’-])" + oneOf(titles) + "\\.\\s*$", "u"),
      numbered: new RegExp("(?:^|\\s)" + oneOf(numbered) + "\\.\\s*$", "iu"),
      ordinal: new RegExp("(?<!\\p{L})" + oneOf(articles) + "\\s\\d{1,2}\\.\\s*$", "iu"),
      month: new RegExp("^" + oneOf(months) + "(?!\\p{L})", "u"),
      abbreviations: new Set(abbreviations),
    };
  }

  /**
   * Return whether a quotation or a bracket that is open at the end of a text is closed in the text after it.
   * @param {string} before
   * @param {string} after
   */
  function isOpen(before, after) {
    const isGerman = before.includes("„");
    if (count(before, "\"") % 2 && after.includes("\"")) return true;
    if (count(before, OPEN_QUOTE) > count(before, CLOSED_QUOTE) && count(after, CLOSED_QUOTE)) return true;
    return PAIRS.some(([open, close]) => !(open === "“" && isGerman) && count(before, open) > count(before, close) && after.includes(close));
  }

  /**
   * Return whether a segment belongs to the sentence before it, on whichever line.
   * @param {string} before
   * @param {string} piece
   * @param {SentenceRules} rules
   */
  function continues(before, piece, rules) {
    if (!rules.classes.hasLetter(piece)) return piece.replace(BEFORE, "") !== "" && !LINE_END.test(before);
    return DOUBLE_INITIAL.test(before) || rules.title.test(before) || (NUMBER.test(piece) && rules.numbered.test(before)) ||
      ((LOWER.test(piece) || !/\s$/u.test(before)) && INITIAL.test(before));
  }

  /**
   * Return whether a segment belongs to the sentence before it on the same line.
   * @param {string} before
   * @param {string} piece
   * @param {string} rest The text from this segment to the end of the line.
   * @param {SentenceRules} rules
   */
  function continuesLine(before, piece, rest, rules) {
    // German nouns have a capital, so a capital does not begin a sentence.
    const isGerman = rules.language === "de", isEnglish = rules.language === "en", isLower = LOWER.test(piece);
    if (isOpen(before, rest) || ASIDE.test(before) || /^[,;:]/.test(piece)) return true;
    if (isLower && (isGerman || !ONE_MARK.test(before))) return true;
    if (isGerman && (rules.ordinal.test(before) || (/\d\.\s*$/u.test(before) && rules.month.test(piece)))) return true;
    if (INITIAL.test(before)) return isGerman || !(SMALL_INITIAL.test(before) || (isEnglish && ENGLISH_I.test(before)));
    const isKnown = rules.abbreviations.has(LAST_WORD.exec(before)?.[1].toLowerCase() ?? "");
    return isKnown && (/^\p{P}*\p{Ll}/u.test(piece) || NUMBER.test(piece) || !/\s$/u.test(before) || !isEnglish); // the library also knows words that begin English sentences
  }

  /**
   * Split a text into sentences and the spaces between them.
   * @type {S2sSentences["split"]}
   */
  function split(text, rules) {
    /** @type {string[]} */
    const pieces = [];
    for (const line of text.match(LINE) ?? []) {
      let position = 0;
      for (const segment of line.match(SEGMENT) ?? []) {
        const before = pieces.at(-1) ?? "", inLine = position > 0;
        const closing = inLine && isOpen(before, segment) ? CLOSING.exec(segment)?.[0] ?? "" : "";
        if (closing) pieces[pieces.length - 1] += closing;
        const piece = segment.slice(closing.length), last = before + closing;
        if (last && (continues(last, piece, rules) || (inLine && continuesLine(last, piece, line.slice(position + closing.length), rules)))) pieces[pieces.length - 1] += piece;
        else if (piece) pieces.push(piece);
        position += segment.length;
      }
    }
    /** @type {string[]} */
    const texts = [], spaces = [""], isSentence = LETTER.test(text) ? LETTER : /./u; // without a letter, there is nothing to translate
    for (const piece of pieces) {
      const start = piece.replace(BEFORE, ""), sentence = start.replace(AFTER, "");
      spaces[spaces.length - 1] += piece.slice(0, piece.length - start.length);
      if (!isSentence.test(sentence)) spaces[spaces.length - 1] += start;
      else {
        texts.push(sentence);
        spaces.push(start.slice(sentence.length));
      }
    }
    return { texts, spaces };
  }

  /**
   * Return a text without some of its sentences. A single space remains where one was, and line ends remain.
   * @type {S2sSentences["select"]}
   */
  function select({ texts, spaces }, isKept) {
    const kept = spaces.slice(0, 1);
    spaces.slice(1).forEach((after, n) => {
      const last = kept[kept.length - 1], both = last + after;
      if (isKept[n]) kept.push(after);
      else if (both.includes("\n") || both.replace(BEFORE, "")) kept[kept.length - 1] = both;
      else if (after.length < last.length) kept[kept.length - 1] = after;
    });
    return { texts: texts.filter((_, n) => isKept[n]), spaces: kept };
  }

  /**
   * Return the text before each translation, and after the last one. Where the text had no space, as in Chinese, there is one
   * before a translation whose script has spaces.
   * @type {S2sSentences["between"]}
   */
  function between(spaces, translations) {
    let whole = "";
    return spaces.map((space, n) => {
      const next = translations[n] || { text: "", unspaced: false };
      whole += space;
      const more = whole && next.text && !next.unspaced && !/[\p{White_Space}\x1c-\x1f]$/u.test(whole) ? " " : "";
      whole += more + next.text;
      return space + more;
    });
  }

  scope.s2sSentences = { languageRules, split, select, between };
});
self.s2sParts[self.s2sParts.length - 1](self);
