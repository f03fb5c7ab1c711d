// The page's address: a link to a result, and an entry of the browser's history for each change. After the # it holds
//
//   translate=SENTENCE   model=NAME   look=WORD-PLACE or look=all-PLACE   words=WORDS TO BEGIN WITH   at=WORD
//   beam=RESULT   temperature=0.1 to 2   draw=NUMBER
//
// with positions counted from 1. Only what differs from the page's start is written. The part after the # never leaves the
// browser, and it works from file:// too.
(function () {
  "use strict";

  const { Panel, shorten, BEAM, MOST_CHARACTERS, FIRST } = self.s2sPanel;
  const number = (text, most) => (/^[1-9]\d{0,5}$/.test(text) && Number(text) <= most ? Number(text) : null);

  // Each setting's text to the panel's values, or to null if it does not fit.
  const READERS = {
    model: (text, { engine }) => {
      const model = engine.models.find((one) => one.name === text);
      return model ? { model } : null;
    },
    look: (text) => {
      const [, step, source] = /^(all|[1-9]\d{0,3})-([1-9]\d{0,3})$/.exec(text) || [];
      return source ? { pin: { step: step === "all" ? null : Number(step) - 1, source: Number(source) - 1 } } : null;
    },
    words: (text) => (text.trim() ? { prefix: text.trim().split(/\s+/) } : null),
    at: (text) => (number(text, 9999) ? { chosen: Number(text) - 1 } : null),
    beam: (text) => (number(text, BEAM) ? { beam: Number(text) } : null),
    temperature: (text) => (/^(0\.[1-9]|1(\.\d)?|2)$/.test(text) ? { temperature: Number(text) } : null),
    draw: (text) => (number(text, 999999) ? { seed: Number(text) } : null),
  };

  const parts = {
    address() {
      const { pin, prefix, chosen, beam, temperature, seed } = this, values = new URLSearchParams({ translate: this.sentence });
      const model = this.choiceOf() || this.model;
      if (model !== this.engine.models[0]) values.set("model", model.name);
      if (pin) values.set("look", (pin.step === null ? "all" : pin.step + 1) + "-" + (pin.source + 1));
      if (prefix.length) values.set("words", prefix.join(" "));
      if (chosen !== null) values.set("at", chosen + 1);
      if (beam) values.set("beam", beam);
      if (temperature) {
        values.set("temperature", temperature);
        values.set("draw", seed);
      }
      return "#" + values;
    },

    writeLink() {
      if (this.sentence.length <= MOST_CHARACTERS) this.link.href = this.more + this.address();
    },

    // how: "push" for a new entry of the history, "replace" for the present one.
    writeAddress(how) {
      this.writeLink();
      if (!this.ownsAddress || this.sentence.length > MOST_CHARACTERS) return;
      const address = this.address();
      if (address === location.hash) return;
      try {
        history[how + "State"](null, "", address);
      } catch { // browsers refuse too many changes in a short time; the next change tries again, and the link is right
      }
    },

    followAddress() {
      if (this.ownsAddress) window.addEventListener("hashchange", () => this.readAddress());
      if (!this.ownsAddress || !this.readAddress()) this.greet();
    },

    // Take over what the address says, on arrival and on Back and Forward. Without anything after the # that is the start.
    readAddress() {
      const { hash } = location, values = new URLSearchParams(hash.slice(1)), sentence = values.get("translate");
      const start = hash === "" && this.sentence !== undefined; // Back to the first entry
      if (!start && (!sentence || (this.sentence !== undefined && hash === this.address()))) return false;
      this.begin(sentence || FIRST, true, this.settingsFrom(values));
      if (sentence) this.writeAddress("replace");
      return true;
    },

    // The settings in an address; `misfits` keeps those that cannot be used, for the notes.
    settingsFrom(values) {
      const settings = { model: this.engine.models[0], temperature: 0, seed: 1, misfits: [] };
      for (const [name, text] of values) {
        if (name === "translate") continue;
        const found = Object.hasOwn(READERS, name) ? READERS[name](text, this) : null;
        if (found) Object.assign(settings, found);
        else settings.misfits.push(name + "=" + shorten(text, 40));
      }
      if (settings.beam && (settings.prefix || settings.temperature)) { // a beam search neither draws nor begins with words
        settings.misfits.push("beam=" + settings.beam);
        settings.beam = 0;
      }
      return settings;
    },

    // Give up the choices that do not fit the model or the sentence; the worker has checked what only it can know.
    fitTo(found) {
      const { pin, prefix } = this;
      if (pin) this.every = pin.step === null;
      if (this.isForNow()) return;
      if (pin && !found.pin) this.refuse("look", { pin: null });
      if (prefix.length > found.prefix.length) this.refuse("words", { prefix: found.prefix });
    },

    // Whether the result is that of a model that stands in for another, where the choices may fit.
    isForNow() {
      return this.answering !== (this.choiceOf() || this.model);
    },

    resultOfBeam(results) {
      const result = results[this.beam - 1];
      if (!result) this.refuse("beam", { beam: 0 });
      return result;
    },

    fitToResult(last) {
      if (this.isForNow()) return;
      if (this.pin && this.pin.step > last) this.refuse("look", { pin: null });
      if (this.chosen > last) this.refuse("at", { chosen: null });
    },

    refuse(name, values) {
      this.misfits.push(name + "=" + shorten(new URLSearchParams(this.address().slice(1)).get(name), 40));
      Object.assign(this, values);
      this.writeAddress("replace");
    },
  };

  Object.assign(Panel.prototype, parts);
})();
