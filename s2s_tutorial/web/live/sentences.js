// Sentences of a text, as in s2s_tutorial/translation/paragraphs.py: the browser finds where they end, and the lists of
// abbreviations in the model's file say where they do not.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  const BEFORE = /^[\p{White_Space}\x1c-\x1f]*/u, AFTER = /[\p{White_Space}\x1c-\x1f]*$/u;
  const INITIAL = /(?:^|[\s.'’])\p{L}\.\s*$/u; // one letter, as in « т. е. » or "J. B. Petit"
  const DOUBLE_INITIAL = /(?<!\p{L})\p{L}\.-\p{L}\.\s*$/u; // of a name such as "J.-P. Petit"
  const LINE_END = /\n\s*$/u, LETTER = /\p{L}/u;
  const NUMBER = /^\s*\p{N}/u;
  const PAIRS = [["«", "»"], ["„", "“"], ["“", "”"], ["「", "」"], ["(", ")"]]; // a sentence does not end inside them
  const CLOSING = /^[»“”"’)\]]+\s*/u; // the browser puts them into the next sentence if a space is before them
  const LOWER = /^\p{Ll}/u;
  /** @type {(text: string, mark: string) => number} */
  const count = (text, mark) => text.split(mark).length - 1;

  /**
   * Split a text where the browser sees the ends of sentences; the spaces stay with the sentence before them.
   * @param {string} text
   * @param {string} language
   * @returns {string[]}
   */
  function segments(text, language) {
    if (Intl.Segmenter) return Array.from(new Intl.Segmenter(language, { granularity: "sentence" }).segment(text), ({ segment }) => segment);
    return text.split(/(?<=[.!?…؟۔।॥։።။][»”"’)\]]*\s+(?=\P{Ll})|[。！？][」』”）]*|\n)/u).filter(Boolean);
  }

  /**
   * Make the patterns for the abbreviations of a model's file.
   * @type {S2sSentences["abbreviations"]}
   */
  function abbreviations(titles, numbered) {
    if (![...titles, ...numbered].every((one) => /^\p{L}{1,20}$/u.test(one))) throw new Error("abbreviations");
    return {
      title: new RegExp("(?:^|[\\s(«“„\"'’-])(?:" + titles.join("|") + ")\\.\\s*$", "u"),
      numbered: new RegExp("(?:^|\\s)(?:" + numbered.join("|") + ")\\.\\s*$", "iu"),
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
    return PAIRS.some(([open, close]) => !(open === "“" && isGerman) && count(before, open) > count(before, close) && after.includes(close));
  }

  /**
   * Return whether a segment belongs to the sentence before it.
   * @param {string} before
   * @param {string} piece
   * @param {string} rest The text from this segment to its end.
   * @param {SentenceRules} rules
   */
  function continues(before, piece, rest, rules) {
    if (!rules.classes.hasLetter(piece)) return piece.replace(BEFORE, "") !== "" && !LINE_END.test(before);
    return LOWER.test(piece) || DOUBLE_INITIAL.test(before) || rules.title.test(before) || (NUMBER.test(piece) && rules.numbered.test(before)) || INITIAL.test(before) || isOpen(before, rest);
  }

  /**
   * Split a text into sentences and the spaces between them.
   * @type {S2sSentences["split"]}
   */
  function split(text, rules) {
    /** @type {string[]} */
    const pieces = [];
    let position = 0;
    for (const segment of segments(text, rules.language)) {
      const closing = pieces.length && isOpen(pieces[pieces.length - 1], segment) ? CLOSING.exec(segment)?.[0] ?? "" : "";
      if (closing) pieces[pieces.length - 1] += closing;
      const piece = segment.slice(closing.length), rest = text.slice(position + closing.length);
      if (pieces.length && continues(pieces[pieces.length - 1], piece, rest, rules)) pieces[pieces.length - 1] += piece;
      else if (piece) pieces.push(piece);
      position += segment.length;
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

  scope.s2sSentences = { abbreviations, split, between };
});
self.s2sParts[self.s2sParts.length - 1](self);
