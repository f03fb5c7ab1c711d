// The notes about a result: what was not read, which words are unknown, and which were perhaps left out.
(function () {
  "use strict";

  const { methods, make, shorten, languageName } = self.s2sPanel;
  const SHOWN = 6; // words that a note names at most
  /** @type {(code: number) => boolean} */
  const isDigit = (code) => /\p{Nd}/u.test(String.fromCodePoint(code));
  // The value of a digit of any script: in Unicode, the digits of each follow one another from 0 on.
  /** @type {(digit: string) => number} */
  const valueOf = (digit) => {
    const code = /** @type {number} */ (digit.codePointAt(0));
    let before = 0;
    while (isDigit(code - before - 1)) before += 1;
    return before % 10;
  };
  // The numbers of a text: for the digits 0 to 9 of each, how it is written. "3,500" and "3 500" are the same.
  /** @type {(text: string) => Map<string, string>} */
  const numbers = (text) => new Map((text.match(/\p{Nd}+(?:[\s.,'’٫٬]\p{Nd}+)*/gu) || []).map((written) =>
    [Array.from(written.matchAll(/\p{Nd}/gu), ([digit]) => valueOf(digit)).join(""), written]));

  /** @type {PanelMethods} */
  const parts = {
    // Write the notes below a translation.
    writeNotes(best, found) {
      const { misfits } = this;
      /** @type {(string | HTMLElement)[][]} */
      const notes = [];
      /** @type {AddNote} */
      const add = (...note) => notes.push(note);
      const { source, target } = this.language;
      if (misfits.length) add("These settings do not fit this page, model or sentence, so they were ignored: " + misfits.join(", ") + ".");
      if (this.remark) add(this.remark);
      if (found.foreign) add("This looks like " + languageName(target, "the target language") + ", but this model translates from " + languageName(source, "another one") + ". It can only copy or skip words that it does not know.");
      if (found.unread.length) add("Not read: ", this.words(found.unread), ". The model reads only the letters a to z, with or without accents, and the marks ,\u00a0.\u00a0!\u00a0?");
      if (found.unlearned.length) add("This model has not learned the characters ", this.words(Array.from(new Set(found.unlearned))), ". It can only guess what they mean.");
      this.noteLength(found, add);
      if (!found.isAscii) this.noteNumbers(best, found, add);
      if (!found.foreign) this.noteWords(best, found, add);
      this.noteReferences(add);
      this.notes.replaceChildren(...notes.map((note) => {
        const item = make("li");
        item.append(...note);
        return item;
      }));
    },

    // Add a note with the reference translations, if the sentence is one of the model's own examples.
    noteReferences(add) {
      const example = this.answering.examples?.find(({ source }) => source === this.sentence);
      if (!example) return;
      const made = make("span");
      example.references.forEach((text, n) => made.append(n ? ", “" : "“", make("span", "", text, { lang: this.language.target }), "”"));
      add("A held-out sentence, which the model never saw in training. Its translation in the data: ", made);
    },

    // Add the notes about unknown words, and about words that were perhaps left out.
    noteWords(best, found, add) {
      const known = this.answering.words[0].toLocaleString("en");
      const unknown = Array.from(new Set(found.unknown)), copied = new Set(best.copied.map((place) => best.words[place]));
      const missing = unknown.filter((word) => !copied.has(word)), taken = unknown.filter((word) => copied.has(word));
      const others = [...copied].filter((word) => !found.unknown.includes(word));
      /** @type {(words: string[]) => string} */
      const notKnown = (words) => (words.length > 1 ? " are not among the " : " is not among the ") + known + " words that this model knows. ";
      if (taken.length) add(this.words(taken), notKnown(taken) + "Copied from your sentence into the translation.");
      if (missing.length) add(this.words(missing), notKnown(missing) + "The model read “unknown word” instead, so the meaning is lost.");
      if (others.length) add(this.words(others), " was copied from your sentence, because the model chose “unknown word” at that position.");
      if (best.words.includes("<unk>")) add("<unk> means “unknown word”. Only a model with attention can copy a word of your sentence to that position.");
      const omitted = this.omitted(best).map((place) => found.srcWords[place]);
      if (omitted.length) add("Perhaps left out: ", this.words(Array.from(new Set(omitted))), ". The model hardly looked there.");
    },

    // Add a note about numbers that the text has in digits and the translation has not.
    noteNumbers(best, found, add) {
      const kept = numbers(this.wholeText(best, found)), all = Array.from(numbers(this.sentence));
      const lost = all.filter(([number]) => !kept.has(number)).map(([, written]) => written);
      if (lost.length) add("Check the numbers: the translation does not have ", this.words(lost), " in digits.");
    },

    // Add a note if the sentence is longer than those of the training data, where the model's entry gives their length.
    noteLength(found, add) {
      const { longest, parts, hasPieces } = found, tokens = hasPieces ? " pieces" : " words and marks";
      parts.forEach((one, n) => {
        if (one.tooLong) add((parts.length > 1 ? "Sentence " + (n + 1) : "Your sentence") + " has " + one.length + tokens +
          ". This model learned from sentences of at most " + longest + ", so expect mistakes.");
      });
      if (found.isMarked || !this.answering.longest) return;
      const [most, unit] = this.answering.longest, read = found.srcWords;
      const words = unit === "words", length = words ? read.length : read.join(" ").length;
      if (length > most) add("Your sentence has " + length + (words ? " words and marks" : " characters") + ". This model learned from sentences of at most " + most +
        ", so expect mistakes.");
    },

    // Make a list of words, each marked as a word of the source language.
    words(list) {
      const made = make("span", "s2s-named");
      list.slice(0, SHOWN).forEach((word, n) => made.append(n ? ", “" : "“", make("span", "s2s-copy", shorten(this.tokenName(word), 40), { lang: this.language.source }), "”"));
      if (list.length > SHOWN) made.append(" and " + (list.length - SHOWN) + " more");
      return made;
    },

    // Return the source positions that were perhaps left out. With a pin for every word there are none, because the reader
    // has chosen the only position that the model looks at.
    omitted(best) {
      return this.pin && this.pin.step === null ? [] : best.leftOut;
    },

    // Mark the words of the view that were perhaps left out, for the eye and for a screen reader.
    markLeftOut(best) {
      /** @type {NodeListOf<HTMLElement>} */
      const buttons = this.view.querySelectorAll(".s2s-row")[0].querySelectorAll(".s2s-word");
      for (const source of this.omitted(best)) {
        buttons[this.viewed.columnOf(source)].classList.add("s2s-left-out");
        buttons[this.viewed.columnOf(source)].title = "Perhaps left out";
        buttons[this.viewed.columnOf(source)].append(make("span", "s2s-hidden", "perhaps left out"));
      }
    },

    // Announce the result to a screen reader. The notes follow the translation on the page, so the message only counts them.
    announceResult(best) {
      const count = this.notes.children.length;
      this.announcement.textContent = "Translation: " + (this.found ? this.wholeText(best, this.found) : best.text) + (count ? " " + count + (count > 1 ? " notes" : " note") + " below it." : "");
    },
  };

  Object.assign(methods, parts);
})();
