// The live translator's panel: its controls, and a run of the model for what they show. Every word reaches the page as text
// (textContent), never as HTML. choices.js, address.js, notes.js and result.js add the other parts of the class.
(function () {
  "use strict";

  const PACE = 130; // milliseconds between two words
  const BEAM = 5;
  const MOST_CHARACTERS = 2000; // that are read at once
  const LANGUAGES = { fr: "French", en: "English" };
  const EXAMPLES = {
    fr: ["Ma sœur cherche une voiture rouge.", "Elle a cinq ans de moins que moi.", "Mon frère n'aime pas cette maison.",
      "Nous ne la voyons jamais.", "Où est le petit chien ?", "Je suis trop froid.", "Ma sœur n'a pas acheté la voiture rouge.",
      "Tu me parles ?", "Le chat noir ne dort pas.", "Ils ont une grande table.", "Je ne crains pas de mourir.", "Le zorglub est très vieux."],
    en: ["The black cat is not sleeping.", "She has a red car.", "Where is the little dog?", "We never see her.", "I'm too cold.", "It is a good book."],
  };

  const FIRST = EXAMPLES.fr[0]; // what the page begins with

  function make(tag, className, text, more) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined && text !== null) made.textContent = text;
    Object.entries(more || {}).forEach(([name, value]) => made.setAttribute(name, value));
    return made;
  }

  // Rebuild buttons and leave the keyboard focus where it was: on the button of the same number.
  function keepFocus(container, build) {
    const place = Array.from(container.querySelectorAll("button, input")).indexOf(document.activeElement);
    const built = build(), buttons = container.querySelectorAll("button, input");
    if (place >= 0 && buttons.length) buttons[Math.min(place, buttons.length - 1)].focus({ preventScroll: true });
    return built;
  }

  const percent = (share) => (share < 0.01 ? "< 1%" : Math.round(100 * share) + "%");
  const quoted = (word) => "“" + word + "”";
  const spoken = (word) => (word === "<eos>" ? "end of the sentence" : word);
  const shorten = (text, most) => (text.length > most ? text.slice(0, most) + " …" : text);

  function tooLong(length) {
    const count = (n) => n.toLocaleString("en");
    return Object.assign(new Error("This text has " + count(length) + " characters, " + count(length - MOST_CHARACTERS) + " more than the " +
      count(MOST_CHARACTERS) + " that are read at once. Nothing was cut: your text is still in the field. Please translate it in parts."), { ofSentence: true });
  }

  const megabytes = (bytes) => (bytes / 1e6).toFixed(1) + " MB";
  let panels = 0;

  class Panel {
    constructor(host, engine, ownsAddress) {
      Object.assign(this, { host, engine, ownsAddress, turn: 0, seed: 1, temperature: 0, at: 0, every: false, shown: null, misfits: [], remark: "" });
      this.forget();
      this.id = "s2s-live-" + ++panels;
      this.more = host.dataset.more || ""; // the page with all tools, where this one shows few
      host.classList.toggle("s2s-compact", this.more !== "");
      this.model = engine.models[0];
      this.language = { source: "fr", target: "en" };
      this.build();
      this.followAddress();
    }

    // Translate the first example.
    greet() {
      this.begin(FIRST, false);
    }

    build() {
      const parts = [this.askForm(), this.examples(), this.modelGroup(), this.output(), this.tools()];
      if (this.more) parts[3].append(this.link);
      this.host.replaceChildren(...(this.more ? [parts[0], parts[1], parts[3]] : parts));
      this.host.setAttribute("data-ready", "yes");
      this.growing();
    }

    askForm() {
      const form = make("form", "s2s-ask");
      this.label = make("label", "s2s-heading", "Write a sentence in French", { for: this.id + "-text" });
      this.input = make("textarea", "s2s-input", null, {
        id: this.id + "-text", rows: "1", autocomplete: "off", spellcheck: "false", enterkeyhint: "go", lang: "fr",
      });
      this.edited = make("p", "s2s-help s2s-edited", "", { hidden: "" });
      const line = make("div", "s2s-line");
      line.append(this.input, make("button", "s2s-go", "Translate", { type: "submit" }));
      form.append(this.label, line, this.edited);
      form.addEventListener("submit", (event) => { event.preventDefault(); this.begin(this.input.value, true); });
      this.input.addEventListener("input", () => this.markEdited());
      return form;
    }

    examples() {
      this.chips = make("div", "s2s-chips", null, { role: "group", "aria-label": "Examples" });
      this.fillExamples();
      return this.chips;
    }

    fillExamples() {
      this.chips.replaceChildren(...(EXAMPLES[this.language.source] || []).map((sentence) => {
        const chip = make("button", "s2s-chip", sentence, { type: "button", lang: this.language.source });
        chip.addEventListener("click", () => { this.input.value = sentence; this.begin(sentence, true); });
        return chip;
      }));
    }

    output() {
      const output = make("div", "s2s-output");
      this.said = make("p", "s2s-hidden", "", { role: "status" });
      this.status = make("p", "s2s-status", "", { role: "status" });
      this.translation = make("p", "s2s-translation", "", { tabindex: "-1" });
      this.notes = make("ul", "s2s-notes");
      this.changes = make("div", "s2s-changes", null, { hidden: "" });
      this.view = make("div", "s2s-view", null, { hidden: "" });
      this.view.addEventListener("s2s-choose", (event) => this.choose(event.detail.side, event.detail.place));
      this.view.addEventListener("focus", () => this.listen("polite"), true);
      this.hint = make("p", "s2s-help s2s-hint", "", { hidden: "" });
      output.append(this.loadingLine(), this.status, this.translation, this.notes, this.changes, this.hint, this.view, this.said);
      return output;
    }

    group(name, heading, ...parts) {
      const group = make("div", "s2s-group s2s-" + name, null, { role: "group", "aria-labelledby": this.id + name });
      group.append(make("p", "s2s-heading", heading, { id: this.id + name }), ...parts);
      return group;
    }

    tools() {
      const tools = make("div", "s2s-tools");
      this.considered = make("ol", "s2s-list");
      this.best = make("ol", "s2s-list");
      tools.append(
        this.group("words", "The most probable words at this position", this.considered),
        this.group("beam", "The " + BEAM + " best results of a beam search", this.best,
          make("p", "s2s-help", "The score is the log-probability divided by a length penalty. Higher is better.")),
        this.attendGroup(), this.heatGroup());
      return tools;
    }

    select(name, label) {
      const select = make("select", "", null, { id: this.id + "-" + name });
      const field = make("p", "s2s-field");
      field.append(make("label", "", label, { for: select.id }), select);
      return [field, select];
    }

    attendGroup() {
      const [whenField, when] = this.select("when", "Make");
      const [placeField, place] = this.select("place", "look at");
      Object.assign(this, { when, place });
      when.addEventListener("change", () => {
        this.every = when.value === "all";
        if (place.value) this.attend(place.value); // without a word to look at, this choice waits for one
      });
      place.addEventListener("change", () => this.attend(place.value));
      return this.group("attend", "Choose where the model looks", whenField, placeField);
    }

    modelGroup() {
      this.modelNote = make("p", "s2s-help");
      this.modelChoices = this.engine.models.map((model) => {
        const choice = make("input", "s2s-model", null, { type: "radio", name: this.id + "-model", value: model.name });
        choice.addEventListener("change", () => this.useModel(model));
        return choice;
      });
      const pills = make("div", "s2s-pills");
      pills.append(...this.modelChoices.map((choice, n) => {
        const pill = make("label", "s2s-pill");
        pill.append(choice, make("span", "", this.engine.models[n].title));
        return pill;
      }));
      return this.group("models", "Model and its kind of attention", pills, this.modelNote);
    }

    heatGroup() {
      this.slider = make("input", "", null, { id: this.id + "-heat", type: "range", min: "0", max: "2", step: "0.1", value: "0" });
      this.heat = make("output", "s2s-help", "", { for: this.slider.id });
      const field = make("p", "s2s-field");
      field.append(make("label", "", "Temperature", { for: this.slider.id }), this.slider);
      this.slider.addEventListener("input", () => this.slide());
      this.link = make("a", "s2s-link", this.more ? "Look closer: beam search and " + this.engine.models.length + " models" : "Link to this result");
      return this.group("heat", "Draw words at random", field, this.heat, this.link);
    }

    // Make every control show the settings that are in use.
    describeSettings() {
      const { attention, words, bytes, note } = this.model, heat = this.temperature;
      if (Number(this.slider.value) !== heat) this.slider.value = String(heat);
      this.heat.textContent = heat ? heat.toFixed(1) + ": words are drawn at random" : "0: always the most probable word";
      const count = (n) => n.toLocaleString("en");
      this.modelNote.textContent = [note, "attention: " + attention, count(words[0]) + " → " + count(words[1]) + " words", megabytes(bytes)]
        .filter(Boolean).join(" · ");
      this.modelChoices.forEach((choice) => { choice.checked = choice.value === this.model.name; });
    }

    // Translate with the present settings; quietly if the reader did not ask for it. A later call replaces an earlier one.
    async run(quiet) {
      const turn = ++this.turn, { sentence, temperature, seed, beam } = this, model = this.speaker();
      const options = { temperature, seed, pin: this.pin, prefix: this.prefix };
      const still = quiet ? (act) => this.steadily(act) : (act) => act();
      Object.assign(this, { answering: model, quiet: quiet === true, slow: false });
      this.describeSettings();
      this.markEdited();
      still(() => this.describeLoading());
      if (sentence.length > MOST_CHARACTERS) {
        this.fail(tooLong(sentence.length));
        return;
      }
      const slow = setTimeout(() => {
        if (turn === this.turn) this.host.classList.add("s2s-busy");
        this.slow = turn === this.turn;
        this.describeLoading();
      }, 150);
      try {
        const { language } = await this.engine.load(model.name);
        clearTimeout(slow);
        this.fetchChosen(false);
        if (turn !== this.turn) return;
        this.setLanguage(language);
        const found = await this.engine.ask("translate", { model: model.name, sentence, options });
        if (turn !== this.turn) return;
        this.say("");
        Object.assign(this, { found, shownBy: model });
        this.host.dataset.model = model.name;
        this.fitTo(found);
        const shown = beam ? null : still(() => this.show(found.best, turn));
        if (shown) this.reveal();
        if (this.more && !beam) return;
        const results = await this.engine.ask("beam", { model: model.name, sentence, size: BEAM, options: { pin: this.pin } });
        if (turn !== this.turn) return;
        still(() => this.listBeam(results));
        await (shown || this.show(this.resultOfBeam(results) || found.best, turn));
      } catch (error) {
        clearTimeout(slow);
        if (turn === this.turn) this.fail(error);
        if (!error.ofSentence) this.fetchChosen(false);
      }
    }

    say(text) {
      this.status.textContent = text;
      this.status.classList.remove("s2s-error");
      this.host.classList.toggle("s2s-busy", text !== "");
    }

    fail(error) {
      this.say(error.message);
      this.status.classList.add("s2s-error");
      this.host.classList.remove("s2s-busy");
      [this.translation, this.notes, this.considered, this.best].forEach((part) => part.replaceChildren());
      this.view.hidden = this.hint.hidden = true;
      this.found = this.shown = null;
      this.writeChanges();
      this.markEdited();
      this.writeLink();
      if (!error.ofSentence) {
        const again = make("button", "s2s-small", "Try again", { type: "button" });
        again.addEventListener("click", () => this.run());
        this.status.append(" ", again);
      }
    }

    setLanguage(target) {
      const source = target === "fr" ? "en" : "fr";
      if (this.language.target === target) return;
      this.language = { source, target };
      this.input.lang = source;
      this.label.textContent = "Write a sentence in " + LANGUAGES[source];
      this.fillExamples();
    }
  }

  self.s2sPanel = { Panel, mount: (host, engine, ownsAddress) => new Panel(host, engine, ownsAddress), make, keepFocus, percent, quoted, spoken, shorten, PACE, LANGUAGES, BEAM, MOST_CHARACTERS, FIRST };
})();
