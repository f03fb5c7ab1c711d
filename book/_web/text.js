// Reading and writing of text, as in s2s_tutorial/data/text.py and s2s_tutorial/translation/translator.py, from the tables in
// an exported model. A test compares the results of both.
//
// text.js, tensors.js, matrix.js, network.js, honesty.js, search.js and worker.js each register one function. The page calls it, and
// live.js writes its source into the worker. So the worker needs no file of its own, which a page that was opened from
// file:// could not load.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  /** A fault of the sentence, which another try would not remove. */
  class TextError extends Error {}

  /**
   * Normalise one character: return letters a to z, a mark between spaces, a space, or nothing.
   * @param {string} character
   * @param {TextRules} rules
   */
  function normaliseCharacter(character, rules) {
    let result = "";
    for (const part of character.normalize("NFD")) {
      if (/\p{Mn}/u.test(part)) continue; // an accent on its own
      const lower = part.toLowerCase();
      for (const letter of Object.hasOwn(rules.ligatures, lower) ? rules.ligatures[lower] : lower) {
        if (/\p{Mn}/u.test(letter)) continue;
        if (rules.marks.includes(letter)) result += " " + letter + " ";
        else result += letter >= "a" && letter <= "z" ? letter : " ";
      }
    }
    return result;
  }

  /**
   * Normalise a text: words of letters a to z and marks, separated by single spaces.
   * @type {S2sText["normalise"]}
   */
  function normalise(text, rules) {
    let result = "";
    for (const character of text) result += normaliseCharacter(character, rules);
    return result.split(" ").filter(Boolean).join(" ");
  }

  /**
   * Join words to a text as people write it.
   * @type {S2sText["detokenise"]}
   */
  function detokenise(words, rules) {
    return rules.joins.reduce(
      (text, [pattern, replacement]) => text.replace(new RegExp(pattern, "g"), replacement), words.join(" "));
  }

  // The characters that Python's strip removes; trim removes others.
  const EDGES = /^[\p{White_Space}\x1c-\x1f]+|[\p{White_Space}\x1c-\x1f]+$/gu;

  /**
   * Return a sentence's words as the model reads them; throw TextError if there is nothing to translate.
   * @param {string} sentence
   * @param {Description} description
   * @param {Map<string, number>} vocabulary
   * @param {boolean} foreign Whether the words look like the target language: a likely reason if none of them is known.
   */
  function readSentence(sentence, description, vocabulary, foreign) {
    const typed = sentence.replace(EDGES, "");
    const beginning = "“" + Array.from(typed).slice(0, 40).join("") + "”";
    if (!typed) throw new TextError("The sentence is empty: type some words.");
    const words = normalise(sentence, description.text).split(" ");
    if (!words.some((word) => /[a-z]/.test(word)))
      throw new TextError(beginning + " has no letter that the model can read: type words.");
    if (words.length > description.max_words)
      throw new TextError("The sentence “" + words.join(" ").slice(0, 30) + " …” has " + words.length + " words, at most " + description.max_words +
        " are read: translate it in parts.");
    if (!words.some((word) => /[a-z]/.test(word) && vocabulary.has(word)))
      throw new TextError(beginning + " has no word that this model has learned: use other words." +
        (foreign ? " They look like the language that it translates into." : ""));
    return words;
  }

  /**
   * Return start and end of each word in the text that detokenise made of them. Joining changes only what is between words.
   * @type {S2sText["places"]}
   */
  function places(words, text) {
    let end = 0;
    return words.map((word) => {
      const start = text.indexOf(word, end);
      end = start + word.length;
      return [start, end];
    });
  }

  scope.s2sText = { TextError, normalise, detokenise, readSentence, places };
});
self.s2sParts[self.s2sParts.length - 1](self);
