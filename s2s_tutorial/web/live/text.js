// The ASCII rule for text, as in s2s_tutorial/data/text.py, from the tables in an exported model. A test compares the results
// of both.
//
// This script and the others that live.js lists for the worker each register one function. The page calls it, and live.js
// writes its source into the worker. So the worker needs no file of its own, which a page that was opened from file:// could
// not load.
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

  scope.s2sText = { TextError, normalise, detokenise };
});
self.s2sParts[self.s2sParts.length - 1](self);
