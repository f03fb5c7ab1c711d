// The text rule of a model, as in s2s_tutorial/data/rules.py: how its text is normalised, cut into words, and printed again.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  const { MARKER, Classes } = scope.s2sUnicode;

  /**
   * Return start and end of each word in the text that detokenise made of them. Joining changes only what is between words.
   * @param {string[]} words
   * @param {string} text
   * @returns {[number, number][]}
   */
  function placesOfWords(words, text) {
    let end = 0;
    return words.map((word) => {
      const start = text.indexOf(word, end);
      end = start + word.length;
      return [start, end];
    });
  }

  /**
   * Return start and end of each token in the text that was printed from all tokens. Pieces are found by printing the first
   * one, the first two, and so on. Of the bytes of a character, one has its place.
   * @param {string[]} tokens
   * @param {string} text
   * @param {(tokens: string[]) => string} print
   * @returns {[number, number][]}
   */
  function placesOfPieces(tokens, text, print) {
    let end = 0;
    return tokens.map((_, n) => {
      let start = end;
      end = Math.max(end, Math.min(n + 1 === tokens.length ? text.length : print(tokens.slice(0, n + 1)).length, text.length));
      while (start < end && text[start] === " ") start += 1;
      return [start, end];
    });
  }

  /**
   * Make the rule "ascii": lower-case letters from a to z and four marks.
   * @param {Description} description
   * @returns {TextRule}
   */
  function asciiWords({ text }) {
    /** @type {(tokens: string[]) => string} */
    const print = (tokens) => scope.s2sText.detokenise(tokens, text);
    return {
      isAscii: true,
      sentences: (whole) => ({ texts: [whole], spaces: ["", ""] }),
      normalise: (sentence) => scope.s2sText.normalise(sentence, text),
      words: (normal) => normal.split(" "),
      hasLetter: (token) => /[a-z]/.test(token),
      print,
      places: placesOfWords,
      wordStarts: (tokens) => [...tokens.keys()],
      isUnspaced: () => false,
    };
  }

  /**
   * Make the rule for real text, or for pieces of words of the rule "ascii".
   * @param {Description} description
   * @param {ReadingRules} reading
   * @returns {TextRule}
   */
  function markedWords({ text, src_language = "" }, reading) {
    const { clean, splitWords, joinTokens, firstTokens } = scope.s2sUnicode;
    const classes = new Classes(reading.classes), isAscii = reading.rule === "ascii";
    if (!isAscii && reading.rule !== "unicode") throw new Error("text rule");
    const language = /^[a-z]{2,3}$/.test(src_language) ? src_language : "en";
    const rules = { ...scope.s2sSentences.languageRules(language, reading), classes };
    /** @type {(tokens: string[]) => string} */
    const print = (tokens) => {
      const normal = joinTokens(tokens, classes);
      return isAscii ? scope.s2sText.detokenise(normal.split(" ").filter(Boolean), text) : normal;
    };
    return {
      isAscii,
      sentences: (whole) => scope.s2sSentences.split(whole, rules),
      normalise: (sentence) => (isAscii ? scope.s2sText.normalise(sentence, text) : clean(sentence, classes)),
      words: (normal) => (isAscii ? normal.split(" ").filter(Boolean).map((word) => MARKER + word) : splitWords(normal, classes)),
      hasLetter: (token) => classes.hasLetter(token),
      print,
      places: (tokens, printed) => placesOfPieces(tokens, printed, print),
      wordStarts: (tokens) => firstTokens(tokens, classes),
      isUnspaced: (printed) => {
        const last = Array.from(printed).map((character) => classes.of(character)).findLast((found) => found !== null && found.kind !== "others");
        return last !== null && last !== undefined && reading.unspaced.includes(last.name);
      },
    };
  }

  /**
   * Return the rule of a model.
   * @type {S2sRules["textRule"]}
   */
  function textRule(description) {
    return description.reading ? markedWords(description, description.reading) : asciiWords(description);
  }

  scope.s2sRules = { textRule };
});
self.s2sParts[self.s2sParts.length - 1](self);
