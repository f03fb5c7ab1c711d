// What the reader sees and touches of the live translator. Every word reaches the page as text (textContent), never as HTML.
(function () {
  "use strict";

  const PACE = 130; // milliseconds between two words
  const BEAM = 5;
  const LANGUAGES = { fr: "French", en: "English" };
  const EXAMPLES = {
    fr: ["Ma sœur cherche une voiture rouge.", "Elle a cinq ans de moins que moi.", "Mon frère n'aime pas cette maison.",
      "Nous ne la voyons jamais.", "Où est le petit chien ?", "Je suis trop froid.", "Ma sœur n'a pas acheté la voiture rouge.",
      "Tu me parles ?", "Le chat noir ne dort pas.", "Ils ont une grande table.", "Je ne crains pas de mourir.", "Le zorglub est très vieux."],
    en: ["The black cat is not sleeping.", "She has a red car.", "Where is the little dog?", "We never see her.", "I'm too cold.", "It is a good book."],
  };

  function make(tag, className, text, more) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined && text !== null) made.textContent = text;
    Object.entries(more || {}).forEach(([name, value]) => made.setAttribute(name, value));
    return made;
  }

  // Build buttons anew and leave the keyboard where it was: on the button of the same number.
  function keepFocus(container, build) {
    const place = Array.from(container.querySelectorAll("button, input")).indexOf(document.activeElement);
    const built = build(), buttons = container.querySelectorAll("button, input");
    if (place >= 0 && buttons.length) buttons[Math.min(place, buttons.length - 1)].focus({ preventScroll: true });
    return built;
  }

  const percent = (share) => (share < 0.01 ? "< 1%" : Math.round(100 * share) + "%");
  const quoted = (word) => "“" + word + "”";
  const spoken = (word) => (word === "<eos>" ? "end of the sentence" : word);
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1) + " MB";
  let panels = 0;

  class Panel {
    constructor(host, engine, ownsAddress) {
      Object.assign(this, { host, engine, ownsAddress, turn: 0, seed: 1, prefix: [], pin: null, chosen: null, shown: null });
      this.id = "s2s-live-" + ++panels;
      this.more = host.dataset.more || ""; // the page with all tools, where this one shows few
      host.classList.toggle("s2s-compact", this.more !== "");
      this.model = engine.models[0];
      this.language = { source: "fr", target: "en" };
      this.build();
      window.addEventListener("hashchange", () => this.readAddress());
      if (!this.readAddress()) this.greet();
    }

    // The first example.
    greet() {
      this.input.value = EXAMPLES.fr[0];
      this.begin(EXAMPLES.fr[0], false);
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
        id: this.id + "-text", rows: "1", autocomplete: "off", spellcheck: "false", enterkeyhint: "go", maxlength: "2000", lang: "fr",
      });
      const line = make("div", "s2s-line");
      line.append(this.input, make("button", "s2s-go", "Translate", { type: "submit" }));
      form.append(this.label, line);
      form.addEventListener("submit", (event) => { event.preventDefault(); this.begin(this.input.value, true); });
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
      this.translation = make("p", "s2s-translation", "");
      this.notes = make("ul", "s2s-notes");
      this.changes = make("div", "s2s-changes", null, { hidden: "" });
      this.view = make("div", "s2s-view", null, { hidden: "" });
      this.view.addEventListener("s2s-choose", (event) => this.choose(event.detail.side, event.detail.place));
      this.hint = make("p", "s2s-help", "", { hidden: "" });
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
        this.group("words", "What it considered here", this.considered),
        this.group("beam", "The " + BEAM + " best of a beam search", this.best,
          make("p", "s2s-help", "Log-probability over a length penalty: higher is better.")),
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
      [when, place].forEach((select) => select.addEventListener("change", () => this.attend(place.value, when.value)));
      return this.group("attend", "Attend to this word", whenField, placeField);
    }

    modelGroup() {
      this.modelNote = make("p", "s2s-help");
      this.modelChoices = this.engine.models.map((model) => {
        const choice = make("input", "s2s-model", null, { type: "radio", name: this.id + "-model", value: model.name });
        choice.addEventListener("change", () => this.switchModel(model.name));
        return choice;
      });
      const pills = make("div", "s2s-pills");
      pills.append(...this.modelChoices.map((choice, n) => {
        const pill = make("label", "s2s-pill");
        pill.append(choice, make("span", "", this.engine.models[n].title));
        return pill;
      }));
      return this.group("models", "Model and its attention", pills, this.modelNote);
    }

    heatGroup() {
      this.temperature = make("input", "", null, { id: this.id + "-heat", type: "range", min: "0", max: "2", step: "0.1", value: "0" });
      this.heat = make("output", "s2s-help", "", { for: this.temperature.id });
      this.again = make("button", "s2s-small", "Draw again", { type: "button", hidden: "" });
      const field = make("p", "s2s-field");
      field.append(make("label", "", "Temperature", { for: this.temperature.id }), this.temperature);
      this.temperature.addEventListener("input", () => { this.describeHeat(); this.prefix = []; this.run(); });
      this.again.addEventListener("click", () => { this.seed++; this.prefix = []; this.run(); });
      this.link = make("a", "s2s-link", this.more ? "Look closer: beams, chance, seven models" : "Link to this sentence");
      this.describeHeat();
      return this.group("heat", "Draw words by chance", field, this.heat, this.again, this.link);
    }

    describeHeat() {
      const heat = Number(this.temperature.value);
      this.heat.textContent = heat ? heat.toFixed(1) + ": words are drawn by chance" : "0: always the most probable word";
      this.again.hidden = !heat;
    }

    describeModel() {
      const { attention, words, bytes, note } = this.model;
      const count = (n) => n.toLocaleString("en");
      this.modelNote.textContent = [note, "attention: " + attention, count(words[0]) + " → " + count(words[1]) + " words", megabytes(bytes)]
        .filter(Boolean).join(" · ");
      this.modelChoices.forEach((choice) => { choice.checked = choice.value === this.model.name; });
    }

    switchModel(name) {
      this.model = this.engine.models.find((model) => model.name === name);
      this.forget();
      this.run();
      this.writeAddress();
    }

    forget() {
      Object.assign(this, { prefix: [], pin: null, chosen: null, touched: false, arrived: null, held: null });
    }

    // A new sentence.
    begin(sentence, announce) {
      this.sentence = sentence;
      this.announce = announce;
      this.input.value = sentence;
      this.grow();
      this.forget();
      this.run();
      if (announce) this.writeAddress();
    }

    address() {
      const values = new URLSearchParams({ translate: this.sentence });
      if (this.model !== this.engine.models[0]) values.set("model", this.model.name);
      return "#" + values;
    }

    writeLink() {
      this.link.href = this.more + this.address();
    }

    writeAddress() {
      this.writeLink();
      if (!this.ownsAddress) return;
      try { history.replaceState(null, "", this.address()); } catch { /* some browsers forbid it on file://; the link works */ }
    }

    readAddress() {
      const values = new URLSearchParams(location.hash.slice(1)), sentence = values.get("translate");
      if (!this.ownsAddress || !sentence || (this.sentence !== undefined && location.hash === this.address())) return false;
      const model = this.engine.models.find((one) => one.name === values.get("model"));
      if (model) this.model = model;
      this.begin(sentence, true);
      return true;
    }

    // Translate with everything as it is now; quietly where the reader did not ask. A later call overtakes an earlier one.
    async run(quiet) {
      const turn = ++this.turn, { sentence } = this, model = this.speaker(), temperature = Number(this.temperature.value);
      const options = { temperature, seed: this.seed, pin: this.pin, prefix: this.prefix };
      const still = quiet ? (act) => this.steadily(act) : (act) => act();
      Object.assign(this, { answering: model, quiet: quiet === true, slow: false });
      this.describeModel();
      still(() => this.describeLoading());
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
        const shown = still(() => this.show(found.best, turn));
        this.reveal();
        if (this.more) return;
        const beam = await this.engine.ask("beam", { model: model.name, sentence, size: BEAM, options: { pin: this.pin } });
        if (turn === this.turn) still(() => this.listBeam(beam));
        await shown;
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
      this.view.hidden = this.changes.hidden = this.hint.hidden = true;
      this.found = null;
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

  self.s2sPanel = { Panel, mount: (host, engine, ownsAddress) => new Panel(host, engine, ownsAddress), make, keepFocus, percent, quoted, spoken, PACE, LANGUAGES };
})();
