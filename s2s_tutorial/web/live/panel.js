// The live translator's panel: its start, and a run of the model for the settings that it shows. Every word reaches the page
// as text (textContent), never as HTML. controls.js and the scripts after it in live.js add the other methods; their types
// are in book/types.d.ts.
(function () {
  "use strict";

  const BEAM = 5; // results of the beam search
  const MOST_CHARACTERS = 2000; // longest text that is read
  const NAMES = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });
  /** @type {S2sPanel["languageName"]} */
  const languageName = (code, otherwise) => (code && NAMES.of(code)) || otherwise;
  /** @type {Record<string, string[]>} */
  const EXAMPLES = {
    fr: ["Ma sœur cherche une voiture rouge.", "Merci. Au revoir.", "J'ai 45 ans.", "M. Dupont est arrivé.", "Elle a cinq ans de moins que moi.",
      "Nous ne la voyons jamais.", "Où est la gare ?", "Ma sœur n'a pas acheté la voiture rouge.", "Le chat noir ne dort pas.",
      "Je ne crains pas de mourir.", "Le zorglub est très vieux."],
    en: ["The black cat is not sleeping.", "Thank you. Goodbye.", "I'm 45 years old.", "Mr. Dupont has arrived.", "She has a red car.",
      "Where is the little dog?", "We never see her.", "It is a good book."],
  };

  /** @type {S2sPanel["make"]} */
  function make(tag, className, text, more) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined && text !== null) made.textContent = text;
    Object.entries(more || {}).forEach(([name, value]) => made.setAttribute(name, value));
    return made;
  }

  /**
   * Rebuild buttons and leave the keyboard focus where it was: on the button of the same number.
   * @type {S2sPanel["keepFocus"]}
   */
  function keepFocus(container, build) {
    /** @returns {HTMLElement[]} */
    const listButtons = () => Array.from(container.querySelectorAll("button, input"));
    const focused = listButtons().findIndex((button) => button === document.activeElement);
    const built = build(), buttons = listButtons();
    if (focused >= 0 && buttons.length) buttons[Math.min(focused, buttons.length - 1)].focus({ preventScroll: true });
    return built;
  }

  /**
   * Fill a select. Options that are there already are left alone, so that a redraw does not disturb a reader who is choosing.
   * @type {S2sPanel["offer"]}
   */
  function offer(select, entries, value, disabled) {
    if (JSON.stringify(entries) !== JSON.stringify(Array.from(select.options, (option) => [option.value, option.text])))
      select.replaceChildren(...entries.map(([name, text]) => make("option", "", text, { value: name })));
    if (select.value !== value) select.value = value;
    select.disabled = disabled;
  }

  /** @type {S2sPanel["percent"]} */
  const percent = (share) => (share < 0.01 ? "< 1%" : Math.round(100 * share) + "%");
  /** @type {S2sPanel["quoted"]} */
  const quoted = (word) => "“" + word + "”";
  /** @type {S2sPanel["spoken"]} */
  const spoken = (word) => (word === "<eos>" ? "end of the sentence" : word);
  /** @type {S2sPanel["shorten"]} */
  const shorten = (text, most) => (text.length > most ? text.slice(0, most) + " …" : text);
  /** @type {(bytes: number) => string} */
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1) + " MB";
  /** @type {(count: number) => string} */
  const written = (count) => count.toLocaleString("en");

  /**
   * Return the error for a text that is too long to be read.
   * @param {number} length
   * @returns {PanelError}
   */
  function tooLong(length) {
    return Object.assign(new Error("This text has " + written(length) + " characters, " + written(length - MOST_CHARACTERS) + " more than the " +
      written(MOST_CHARACTERS) + " that are read at once. Nothing was cut: your text is still in the field. Please translate it in parts."), { ofSentence: true });
  }

  let panels = 0;

  /** @type {PanelMethods} */
  const methods = {
    // Build the panel and translate the first sentence, or the one in the address.
    start(host, engine, ownsAddress) {
      Object.assign(this, { host, engine, ownsAddress, turn: 0, seed: 1, temperature: 0, at: 0, every: false, shown: null, heads: null, watched: null, misfits: [], remark: "" });
      this.forget();
      this.id = "s2s-live-" + ++panels;
      this.more = host.dataset.more || "";
      host.classList.toggle("s2s-compact", this.more !== "");
      this.model = engine.models[0];
      const [source, target] = this.model.languages || ["fr", "en"];
      this.language = { source, target };
      this.build();
      this.followAddress();
    },

    // Return the examples in the source language: the model's own, if it has some.
    exampleTexts() {
      return this.model.examples?.map((example) => example.source) || EXAMPLES[this.language.source] || [];
    },

    // Translate the first example. Without one, the page waits for a sentence.
    greet() {
      const [first] = this.exampleTexts();
      if (first) {
        this.begin(first, false);
        return;
      }
      this.sentence = "";
      this.describeSettings();
      this.host.classList.add("s2s-waiting");
      this.engine.load(this.model).catch((error) => this.fail(error));
    },

    // Make every control show the settings that are in use.
    describeSettings() {
      this.host.classList.remove("s2s-waiting");
      const { attention, words, unit, bytes, note } = this.model, heat = this.temperature;
      if (Number(this.slider.value) !== heat) this.slider.value = String(heat);
      this.heat.textContent = heat ? heat.toFixed(1) + ": words are drawn at random" : "0: always the most probable word";
      this.modelNote.textContent = [note, "attention: " + attention, written(words[0]) + " → " + written(words[1]) + " " + (unit || "words"), megabytes(bytes)]
        .filter(Boolean).join(" · ");
      this.modelChoices.forEach((choice) => { choice.checked = choice.value === this.model.name; });
      this.describeDirection();
    },

    // Translate with the present settings; quietly if the reader did not ask for it. A later call replaces an earlier one.
    async run(quiet) {
      const turn = ++this.turn, { sentence, temperature, seed, beam } = this, model = this.speaker();
      const options = { temperature, seed, pin: this.pin, prefix: this.prefix, part: this.part };
      /** @type {<Result>(act: () => Result) => Result} */
      const still = quiet ? (act) => this.steadily(act) : (act) => act();
      Object.assign(this, { answering: model, quiet: quiet === true, slow: false });
      this.describeSettings();
      this.markEdited();
      still(() => this.describeLoading());
      if (sentence.length > MOST_CHARACTERS) {
        this.fail(tooLong(sentence.length));
        return;
      }
      const slow = this.expectDelay(turn);
      try {
        const { language, source } = await this.engine.load(model);
        clearTimeout(slow);
        this.fetchChosen(false);
        if (turn !== this.turn) return;
        this.setLanguage(language, source);
        const found = await this.engine.ask("translate", { model: model.name, sentence, options });
        if (turn !== this.turn) return;
        this.showMessage("");
        Object.assign(this, { found, shownBy: model });
        this.host.dataset.model = model.name;
        this.fitTo(found);
        if (!beam) await this.watchHeads(found.best, found);
        if (turn !== this.turn) return;
        const shown = beam ? null : still(() => this.show(found.best, found, turn));
        if (shown) this.reveal();
        if (this.more && !beam) return;
        const results = await this.engine.ask("beam", { model: model.name, sentence, size: BEAM, options: { pin: this.pin, part: this.part } });
        if (turn !== this.turn) return;
        still(() => this.listBeam(results));
        if (shown) return await shown;
        const best = this.resultOfBeam(results) || found.best;
        await this.watchHeads(best, found);
        if (turn === this.turn) await this.show(best, found, turn);
      } catch (caught) {
        const error = /** @type {PanelError} */ (caught);
        clearTimeout(slow);
        if (turn === this.turn) this.fail(error);
        if (!error.ofSentence) this.fetchChosen(false);
      }
    },

    // Show that the model is loading, if there is no answer after a moment; return the timer.
    expectDelay(turn) {
      return setTimeout(() => {
        if (turn === this.turn) this.host.classList.add("s2s-busy");
        this.slow = turn === this.turn;
        this.describeLoading();
      }, 150);
    },

    // Show a message; "" for none.
    showMessage(text) {
      this.status.textContent = text;
      this.status.classList.remove("s2s-error");
      this.host.classList.toggle("s2s-busy", text !== "");
    },

    // Show an error in place of a result.
    fail(error) {
      this.showMessage(error.message);
      this.status.classList.add("s2s-error");
      this.host.classList.remove("s2s-busy");
      this.clearResult();
      this.writeChanges();
      this.markEdited();
      this.writeLink();
      if (!error.ofSentence) {
        const again = make("button", "s2s-small", "Try again", { type: "button" });
        again.addEventListener("click", () => this.run());
        this.status.append(" ", again);
      }
    },

    // Set the languages, given those that the model translates into and from.
    setLanguage(target, source) {
      if (this.language.target === target && this.language.source === source) return;
      this.language = { source, target };
      this.input.lang = source;
      this.label.textContent = "Write a sentence in " + languageName(source, "the source language");
      this.fillExamples();
    },
  };

  /** @type {S2sPanel["mount"]} */
  const mount = (host, engine, ownsAddress) => Object.create(methods).start(host, engine, ownsAddress);

  self.s2sPanel = { methods, mount, make, offer, keepFocus, percent, quoted, spoken, shorten, languageName, BEAM, MOST_CHARACTERS };
})();
