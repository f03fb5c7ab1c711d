// What the live translator's panel says about a result: what was not read, not known, and perhaps left out.
(function () {
  "use strict";

  const { Panel, make, shorten, LANGUAGES } = self.s2sPanel;
  const SHOWN = 6; // words that a note names at most

  const parts = {
    // The notes below a translation, each a list of texts and of words that are marked as a word of the sentence.
    writeNotes(best) {
      const { found, misfits } = this, notes = [];
      const add = (...note) => notes.push(note);
      const { source, target } = this.language;
      if (misfits.length) add("These settings do not fit this page, model or sentence, so they were ignored: " + misfits.join(", ") + ".");
      if (this.remark) add(this.remark);
      if (found.foreign) add("This looks like " + LANGUAGES[target] + ", but this model translates from " + LANGUAGES[source] + ". It can only copy or skip words that it does not know.");
      if (found.unread.length) add("Not read: ", this.words(found.unread), ". The model reads only the letters a to z, with or without accents, and the marks ,\u00a0.\u00a0!\u00a0?");
      this.noteLength(add);
      if (!found.foreign) this.noteWords(best, add);
      this.notes.replaceChildren(...notes.map((note) => {
        const item = make("li");
        item.append(...note);
        return item;
      }));
    },

    // Words that the model does not know, and words that it perhaps left out.
    noteWords(best, add) {
      const { found } = this, known = this.answering.words[0].toLocaleString("en");
      const unknown = Array.from(new Set(found.unknown)), copied = new Set(best.copied.map((place) => best.words[place]));
      const missing = unknown.filter((word) => !copied.has(word)), taken = unknown.filter((word) => copied.has(word));
      const others = [...copied].filter((word) => !found.unknown.includes(word));
      const notKnown = (words) => (words.length > 1 ? " are not among the " : " is not among the ") + known + " words that this model knows. ";
      if (taken.length) add(this.words(taken), notKnown(taken) + "Copied from your sentence into the translation.");
      if (missing.length) add(this.words(missing), notKnown(missing) + "The model read “unknown word” instead, so the meaning is lost.");
      if (others.length) add(this.words(others), " was copied from your sentence, because the model chose “unknown word” at that position.");
      if (best.words.includes("<unk>")) add("<unk> means “unknown word”. Only a model with attention can copy a word of your sentence to that position.");
      const omitted = this.omitted(best).map((place) => found.srcWords[place]);
      if (omitted.length) add("Perhaps left out: ", this.words(Array.from(new Set(omitted))), ". The model hardly looked there.");
    },

    // A sentence that is longer than those of the training data, as far as the model's list says how long they were.
    noteLength(add) {
      if (!this.answering.longest) return;
      const [most, unit] = this.answering.longest, read = this.found.srcWords;
      const words = unit === "words", length = words ? read.length : read.join(" ").length;
      if (length > most) add("Your sentence has " + length + (words ? " words and marks" : " characters") + ". This model learned from sentences of at most " + most +
        ", so expect mistakes.");
    },

    words(list) {
      const made = make("span", "s2s-named");
      list.slice(0, SHOWN).forEach((word, n) => made.append(n ? ", “" : "“", make("span", "s2s-copy", shorten(word, 40), { lang: this.language.source }), "”"));
      if (list.length > SHOWN) made.append(" and " + (list.length - SHOWN) + " more");
      return made;
    },

    // Where every word was made to look at one place, the reader has decided what is left out.
    omitted(best) {
      return this.pin && this.pin.step === null ? [] : best.leftOut;
    },

    // Mark the words of the view that were perhaps left out, for the eye and for a screen reader.
    markLeftOut(best) {
      const buttons = this.view.querySelectorAll(".s2s-row")[0].querySelectorAll(".s2s-word");
      for (const place of this.omitted(best)) {
        buttons[place].classList.add("s2s-left-out");
        buttons[place].title = "Perhaps left out";
        buttons[place].append(make("span", "s2s-hidden", "perhaps left out"));
      }
    },

    // One message for a screen reader. The notes follow the translation on the page, so here they are only counted.
    announceResult(best) {
      const count = this.notes.children.length;
      this.said.textContent = "Translation: " + best.text + (count ? " " + count + (count > 1 ? " notes" : " note") + " below it." : "");
    },
  };

  Object.assign(Panel.prototype, parts);
})();
