// The page's address: a link to a result, and an entry of the browser's history for each change. After the # it holds
//
//   translate=SENTENCE   model=NAME   look=WORD-POSITION or look=all-POSITION   words=WORDS TO BEGIN WITH   at=WORD
//   sentence=NUMBER OF THE SENTENCE   beam=RESULT   temperature=0.1 to 2   draw=NUMBER   heads=KIND-LAYER-HEAD or heads=KIND-LAYER-mean
//
// with positions counted from 1. Only settings that differ from the page's start are written. Browsers do not send the part
// after the # to the server, and it works from file:// too.
(function () {
  "use strict";

  const { methods, shorten, BEAM, MOST_CHARACTERS } = self.s2sPanel;

  /**
   * Return the whole number from 1 to `most` that a text is; null if it is none.
   * @type {(text: string, most: number) => number | null}
   */
  const number = (text, most) => (/^[1-9]\d{0,5}$/.test(text) && Number(text) <= most ? Number(text) : null);

  /**
   * Functions that turn each setting's text into values of the panel, or into null if the text does not fit.
   * @type {Record<string, (text: string, panel: Panel) => Settings | null>}
   */
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
    heads: (text) => {
      const [, kind, layer, head] = /^(cross|encoder|decoder)-([1-9]\d?)-(mean|[1-9]\d?)$/.exec(text) || [];
      return kind ? { heads: { kind: /** @type {LookKind} */ (kind), layer: Number(layer) - 1, head: head === "mean" ? null : Number(head) - 1 } } : null;
    },
    at: (text) => (number(text, 9999) ? { chosen: Number(text) - 1 } : null),
    beam: (text) => (number(text, BEAM) ? { beam: Number(text) } : null),
    temperature: (text) => (/^(0\.[1-9]|1(\.\d)?|2)$/.test(text) ? { temperature: Number(text) } : null),
    sentence: (text) => (number(text, 2000) ? { part: Number(text) - 1 } : null),
    draw: (text) => (number(text, 999999) ? { seed: Number(text) } : null),
  };

  /** @type {PanelMethods} */
  const parts = {
    // Return the part of the address after the page, with the panel's settings.
    address() {
      const { pin, prefix, chosen, beam, temperature, seed, heads } = this, values = new URLSearchParams({ translate: this.sentence });
      const model = this.choiceOf() || this.model;
      if (model !== this.engine.models[0]) values.set("model", model.name);
      if (pin) values.set("look", (pin.step === null ? "all" : pin.step + 1) + "-" + (pin.source + 1));
      if (prefix.length) values.set("words", prefix.join(" "));
      if (chosen !== null) values.set("at", String(chosen + 1));
      if (heads) values.set("heads", [heads.kind, heads.layer + 1, heads.head === null ? "mean" : heads.head + 1].join("-"));
      if (this.part) values.set("sentence", String(this.part + 1));
      if (beam) values.set("beam", String(beam));
      if (temperature) {
        values.set("temperature", String(temperature));
        values.set("draw", String(seed));
      }
      return "#" + values;
    },

    // Point the panel's link to what it shows.
    writeLink() {
      if (this.sentence.length <= MOST_CHARACTERS) this.link.href = this.more + this.address();
    },

    // Write the settings into the address bar, as a new entry of the history ("push") or in place of the present one ("replace").
    writeAddress(how) {
      this.writeLink();
      if (!this.ownsAddress || this.sentence.length > MOST_CHARACTERS) return;
      const address = this.address();
      if (address === location.hash) return;
      try {
        if (how === "push") history.pushState(null, "", address);
        else history.replaceState(null, "", address);
      } catch { // browsers refuse too many changes in a short time; the next change tries again, and the link is right
      }
    },

    // Show what the address asks for, now and after each change of it.
    followAddress() {
      if (this.ownsAddress) window.addEventListener("hashchange", () => this.readAddress());
      if (!this.ownsAddress || !this.readAddress()) this.greet();
    },

    // Apply the address's settings, on arrival and after Back and Forward; return whether there were any. An address without
    // a part after the # stands for the page's start.
    readAddress() {
      const { hash } = location, values = new URLSearchParams(hash.slice(1)), sentence = values.get("translate");
      const start = hash === "" && this.sentence !== undefined; // Back to the first entry
      if (!start && (!sentence || (this.sentence !== undefined && hash === this.address()))) return false;
      this.begin(sentence || this.exampleTexts()[0] || "", true, this.settingsFrom(values));
      if (sentence) this.writeAddress("replace");
      return true;
    },

    // Return the settings in an address; `misfits` lists those that cannot be used, for the notes.
    settingsFrom(values) {
      /** @type {Settings & { misfits: string[] }} */
      const settings = { model: this.engine.models[0], temperature: 0, seed: 1, heads: null, misfits: [] };
      for (const [name, text] of values) {
        if (name === "translate") continue;
        const found = Object.hasOwn(READERS, name) ? READERS[name](text, this) : null;
        if (found) Object.assign(settings, found);
        else settings.misfits.push(name + "=" + shorten(text, 40));
      }
      if (settings.beam && (settings.prefix || settings.temperature)) { // a beam search cannot draw words or begin with chosen ones
        settings.misfits.push("beam=" + settings.beam);
        settings.beam = 0;
      }
      return settings;
    },

    // Drop the choices that do not fit the model or the sentence, as the worker has found.
    fitTo(found) {
      const { pin, prefix } = this;
      if (pin) this.every = pin.step === null;
      if (this.isForNow()) return;
      if (this.part !== found.part) this.refuse("sentence", { part: found.part });
      if (!this.hasHead(found)) this.refuse("heads", { heads: null });
      if (pin && !found.pin) this.refuse("look", { pin: null });
      if (prefix.length > found.prefix.length) this.refuse("words", { prefix: found.prefix });
    },

    // Return whether a stand-in for the chosen model is answering. The choices may still fit the chosen one.
    isForNow() {
      return this.answering !== (this.choiceOf() || this.model);
    },

    // Return the chosen result of the beam search; undefined if there are not so many.
    resultOfBeam(results) {
      const result = results[this.beam - 1];
      if (!result) this.refuse("beam", { beam: 0 });
      return result;
    },

    // Drop the choices that are about a word after the last one.
    fitToResult(last) {
      if (this.isForNow()) return;
      if (this.pin?.step && this.pin.step > last) this.refuse("look", { pin: null });
      if (this.chosen !== null && this.chosen > last) this.refuse("at", { chosen: null });
    },

    // Drop one setting of the address, and note that it did not fit.
    refuse(name, values) {
      this.misfits.push(name + "=" + shorten(new URLSearchParams(this.address().slice(1)).get(name) ?? "", 40));
      Object.assign(this, values);
      this.writeAddress("replace");
    },
  };

  Object.assign(methods, parts);
})();
