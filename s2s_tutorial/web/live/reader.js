// Reading of what the reader typed: a text becomes sentences, and each sentence the tokens that the model knows.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  const UNK = 3, FORMATS = [1, 2, 3];
  // The characters that Python's strip removes; trim removes others.
  const EDGES = /^[\p{White_Space}\x1c-\x1f]+|[\p{White_Space}\x1c-\x1f]+$/gu;
  /** @type {(text: string, most: number) => string} */
  const first = (text, most) => Array.from(text).slice(0, most).join("");

  /** Vocabularies and text rule of a model. */
  class Reader {
    /**
     * @param {Description} description
     * @param {number} srcSize Words that the network has on each side.
     * @param {number} tgtSize
     */
    constructor(description, srcSize, tgtSize) {
      const { Vocabulary } = scope.s2sPieces, { src_words, tgt_words, reading } = description;
      this.description = description;
      try {
        if (!FORMATS.includes(description.format)) throw new Error("format");
        this.rule = scope.s2sRules.textRule(description);
        this.source = new Vocabulary(src_words, srcSize);
        this.target = tgt_words === null ? this.source : new Vocabulary(tgt_words, tgtSize);
        if (this.target.words.length !== tgtSize) throw new Error("number of words");
        this.longest = reading?.longest ?? null;
        this.mostPerToken = reading?.most_per_token ?? 2; // tokens of a translation for one of the source
        if (this.longest !== null && !Number.isInteger(this.longest)) throw new Error("longest sentence");
        if (![2, 8].includes(this.mostPerToken)) throw new Error("longest translation");
      } catch (error) {
        throw new Error("The model's file cannot be read (" + /** @type {Error} */ (error).message + "): export the run again.");
      }
      this.hasPieces = this.source.ranks !== null;
    }

    /**
     * Read a text; throw TextError if there is nothing to translate.
     * @param {string} text
     * @returns {ReadText}
     */
    read(text) {
      const { TextError } = scope.s2sText, { texts, spaces, unread } = this.split(text);
      const sentences = texts.map((sentence) => this.readSentence(sentence));
      for (const sentence of sentences) sentence.unread.push(...unread);
      if (!sentences.some(({ tokens }) => tokens.some((token) => this.isKnown(token))))
        throw new TextError("“" + first(text.replace(EDGES, ""), 40) + "” has no word that this model has learned: use other words." +
          (sentences.some(({ foreign }) => foreign) ? " They look like the language that it translates into." : ""));
      return { sentences, spaces };
    }

    /**
     * Split a text into sentences, and leave out those without a letter that the rule reads, unless no sentence has one.
     * @param {string} text
     */
    split(text) {
      const found = this.rule.sentences(text), isRead = found.texts.map((sentence) => this.rule.hasLetter(this.rule.normalise(sentence)));
      if (!isRead.includes(true)) return { texts: found.texts.length ? found.texts : [""], spaces: found.spaces, unread: [] };
      return { ...scope.s2sSentences.select(found, isRead), unread: found.texts.flatMap((sentence, n) => (isRead[n] ? [] : this.unread(sentence))) };
    }

    /**
     * Return the parts of a text that the rule drops.
     * @param {string} text
     */
    unread(text) {
      return this.rule.isAscii ? scope.s2sHonesty.unread(text, this.description.text) : [];
    }

    /**
     * Return whether a token has a letter and is in the vocabulary.
     * @param {string} token
     */
    isKnown(token) {
      return this.source.ids.has(token) && !scope.s2sUnicode.isByte(token) && this.rule.hasLetter(token);
    }

    /**
     * Read one sentence.
     * @param {string} text
     * @returns {ReadSentence}
     */
    readSentence(text) {
      const { TextError } = scope.s2sText, { rule, description } = this, typed = text.replace(EDGES, "");
      if (!typed) throw new TextError("The sentence is empty: type some words.");
      const normal = rule.normalise(text);
      if (!rule.hasLetter(normal)) throw new TextError("“" + first(typed, 40) + "” has no letter that the model can read: type words.");
      const words = rule.words(normal), tokens = this.source.tokens(words);
      /** @type {[number, number, string][]} */
      const limits = [[words.length, description.max_words, "words"], [tokens.length, description.max_pieces ?? Infinity, "pieces"]];
      for (const [length, most, unit] of limits) if (length > most) throw new TextError("The sentence “" + first(normal, 30) + " …” has " +
        length.toLocaleString("en") + " " + unit + ", at most " + most.toLocaleString("en") + " are read: translate it in parts.");
      return {
        text: typed, tokens, ids: tokens.map((token) => this.source.ids.get(token) ?? UNK),
        unknown: tokens.filter((token) => !this.source.ids.has(token)),
        unread: this.unread(text),
        unlearned: this.hasPieces ? Array.from(normal).filter((character) => character !== " " && !this.source.ids.has(character)) : [],
        foreign: !this.hasPieces && scope.s2sHonesty.looksTranslated(tokens, this.source.ids, this.target.ids),
        tooLong: this.longest !== null && tokens.length > this.longest,
      };
    }
  }

  scope.s2sReader = { Reader };
});
self.s2sParts[self.s2sParts.length - 1](self);
