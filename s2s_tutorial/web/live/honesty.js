// Checks of a translation: characters that the model did not read, words that it seems to have left out, and sentences in the
// wrong language.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  const UNK = 3, SPECIAL = 4; // the id of unknown words, and the number of special words before the first word
  const NO_LOSS = /[\p{Mn}\p{White_Space}\p{Cc}\p{Cf}\p{Cs}'’ʼ‐‑–—-]/u; // accents, spaces, and what only separates words
  /** @type {(word: string) => boolean} */
  const isWord = (word) => /\p{L}/u.test(word);

  /**
   * Return the parts of a sentence that reading drops, each once: numbers, symbols, other scripts. No part spans a space.
   * @type {S2sHonesty["unread"]}
   */
  function unread(text, rules) {
    /** @type {string[]} */
    const parts = [];
    let part = "";
    for (const character of text + " ") {
      const ignored = NO_LOSS.test(character);
      if (!ignored && scope.s2sText.normalise(character, rules) === "") part += character;
      else if (!/[\p{Mn}\p{Cf}]/u.test(character)) {
        if (part && !parts.includes(part)) parts.push(part);
        part = "";
      }
    }
    return parts;
  }

  /**
   * Return whether words look like the target language: more of them are known only there than only in the source language.
   * With the small general model this marks none of the French sentences of the challenge set and the built-in corpus's test
   * set, and at least 99 % of their English translations.
   * @type {S2sHonesty["looksTranslated"]}
   */
  function looksTranslated(words, source, target) {
    const known = words.filter(isWord).map((word) => ({ here: source.has(word), there: target.has(word) }));
    return known.filter(({ here, there }) => there && !here).length > known.filter(({ here, there }) => here && !there).length;
  }

  // A source word counts as left out if its attention adds up to less than FEW. Two kinds of words are never marked, because their meaning often reaches the translation through other states:
  // the COMMON most frequent ones (articles, pronouns, auxiliaries), and the neighbours of a word that has the attention
  // of more than one English word (over SHARED), such as "rouge" where "red" and "car" both look at "voiture".
  // These values were chosen on the built-in corpus's test sentences, where gold links tell which English words belong
  // to a French one. A word really is left out if none of them is in the greedy translation. With the small models, 27 to 64 %
  // of the marked words were left out, and at most 1.4 % of the words that were translated were marked (local-p: 51 and 4 %).
  // Without both exceptions it is 8 to 19 % and up to 27 %. This is why the page writes "perhaps". For a model that reads
  // pieces of words, nothing is marked (search.js).
  const FEW = 0.2, COMMON = 100, SHARED = 1.5;

  /**
   * Return the positions of source words that the first `count` words of a translation seem to leave out.
   * @type {S2sHonesty["leftOut"]}
   */
  function leftOut(words, ids, weights, count) {
    if (!weights.length || !count) return [];
    const totals = words.map((_, source) => weights.slice(0, count).reduce((sum, row) => sum + row[source], 0)); // (S)
    return [...words.keys()].filter((source) => isWord(words[source]) && totals[source] < FEW &&
      (ids[source] === UNK || ids[source] >= SPECIAL + COMMON) && !(totals[source - 1] > SHARED) && !(totals[source + 1] > SHARED));
  }

  scope.s2sHonesty = { unread, looksTranslated, leftOut };
});
self.s2sParts[self.s2sParts.length - 1](self);
