// Text for the model in the page: what s2s_tutorial/data/text.py and the reading half of translation.py do, from the tables
// that an exported model carries. A test holds both to the same results.
//
// The parts text.js, matrix.js, network.js, honesty.js and search.js each register one function. The page runs it, and
// live.js writes its source into the worker. So the worker needs no file of its own, which a page that was opened from
// file:// could not load.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  function TextError(message) {
    this.message = message;
  }

  // One character to what is left of it: letters a to z, a mark between spaces, a space, or nothing.
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

  function normalise(text, rules) {
    let result = "";
    for (const character of text) result += normaliseCharacter(character, rules);
    return result.split(" ").filter(Boolean).join(" ");
  }

  function detokenise(words, rules) {
    return rules.joins.reduce(
      (text, [pattern, replacement]) => text.replace(new RegExp(pattern, "g"), replacement), words.join(" "));
  }

  // What Python's strip takes off, which is not quite what trim does.
  const EDGES = /^[\p{White_Space}\x1c-\x1f]+|[\p{White_Space}\x1c-\x1f]+$/gu;

  // The sentence's words as the model reads them; throws TextError if there is nothing to translate. `foreign` says that
  // the words look like the target language, which is the likely reason if none of them is known.
  function readSentence(sentence, description, vocabulary, foreign) {
    const typed = sentence.replace(EDGES, "");
    const said = "“" + Array.from(typed).slice(0, 40).join("") + "”";
    if (!typed) throw new TextError("The sentence is empty: type some words.");
    const words = normalise(sentence, description.text).split(" ");
    if (!words.some((word) => /[a-z]/.test(word)))
      throw new TextError(said + " has no letter that the model can read: type words.");
    if (words.length > description.max_words)
      throw new TextError("The sentence “" + words.join(" ").slice(0, 30) + " …” has " + words.length + " words, at most " + description.max_words +
        " are read: translate it in parts.");
    if (!words.some((word) => /[a-z]/.test(word) && vocabulary.has(word)))
      throw new TextError(said + " has no word that this model has learned: use other words." +
        (foreign ? " They look like the language that it translates into." : ""));
    return words;
  }

  // Where each word stands in the text that detokenise made of them: joining changes only what is between words.
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
