// The panel's elements and controls, and the examples.
(function () {
  "use strict";

  const { methods, make, languageName, BEAM } = self.s2sPanel;

  /** @type {PanelMethods} */
  const parts = {
    // Make all parts of the panel; a compact one leaves out the tools and leads to the page that has them.
    build() {
      const parts = [this.askForm(), this.examples(), this.modelGroup(), this.output(), this.tools()];
      if (this.more) parts[3].append(this.link);
      this.host.replaceChildren(...(this.more ? [parts[0], parts[1], parts[3]] : parts));
      this.host.setAttribute("data-ready", "yes");
      this.growing();
    },

    // Make the form with the sentence.
    askForm() {
      const form = make("form", "s2s-ask");
      this.label = make("label", "s2s-heading", "Write a sentence in " + languageName(this.language.source, "the source language"), { for: this.id + "-text" });
      this.input = make("textarea", "s2s-input", null, {
        id: this.id + "-text", rows: "1", autocomplete: "off", spellcheck: "false", enterkeyhint: "go", lang: this.language.source,
      });
      this.edited = make("p", "s2s-help s2s-edited", "", { hidden: "" });
      const line = make("div", "s2s-line");
      line.append(this.input, make("button", "s2s-go", "Translate", { type: "submit" }));
      form.append(this.directionField(), this.label, line, this.edited);
      form.addEventListener("submit", (event) => { event.preventDefault(); this.begin(this.input.value, true); });
      this.input.addEventListener("input", () => this.markEdited());
      return form;
    },

    // Make the group of examples.
    examples() {
      this.chips = make("div", "s2s-chips", null, { role: "group", "aria-label": "Examples" });
      this.fillExamples();
      return this.chips;
    },

    // Fill it with examples in the source language.
    fillExamples() {
      this.chips.replaceChildren(...this.exampleTexts().map((sentence) => {
        const chip = make("button", "s2s-chip", sentence, { type: "button", lang: this.language.source });
        chip.addEventListener("click", () => { this.input.value = sentence; this.begin(sentence, true); });
        return chip;
      }));
    },

    // Make the part that shows loading, messages and the result.
    output() {
      const output = make("div", "s2s-output");
      this.announcement = make("p", "s2s-hidden", "", { role: "status" });
      this.status = make("p", "s2s-status", "", { role: "status" });
      this.translation = make("p", "s2s-translation", "", { tabindex: "-1" });
      this.notes = make("ul", "s2s-notes");
      this.changes = make("div", "s2s-changes", null, { hidden: "" });
      this.view = make("div", "s2s-view", null, { hidden: "" });
      this.view.addEventListener("s2s-choose", (event) => {
        if (event instanceof CustomEvent) this.choose(event.detail.side, event.detail.place);
      });
      this.view.addEventListener("focus", () => this.listen("polite"), true);
      this.hint = make("p", "s2s-help s2s-hint", "", { hidden: "" });
      output.append(this.loadingLine(), this.status, this.translation, this.notes, this.changes, this.hint, this.viewSwitches(), this.view, this.announcement);
      return output;
    },

    // Make a group of controls under a heading.
    group(name, heading, ...parts) {
      const group = make("div", "s2s-group s2s-" + name, null, { role: "group", "aria-labelledby": this.id + name });
      group.append(make("p", "s2s-heading", heading, { id: this.id + name }), ...parts);
      return group;
    },

    // Make the part below the result.
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
    },

    // Make a select with its label; return its field and itself.
    select(name, label) {
      const select = make("select", "", null, { id: this.id + "-" + name });
      const field = make("p", "s2s-field");
      field.append(make("label", "", label, { for: select.id }), select);
      return [field, select];
    },

    // Make the controls that pin the attention.
    attendGroup() {
      const [stepField, step] = this.select("when", "Make");
      const [sourceField, source] = this.select("place", "look at");
      Object.assign(this, { stepSelect: step, sourceSelect: source });
      step.addEventListener("change", () => {
        this.every = step.value === "all";
        if (source.value) this.attend(source.value); // without a word to look at, this choice waits for one
      });
      source.addEventListener("change", () => this.attend(source.value));
      return this.group("attend", "Choose where the model looks", stepField, sourceField);
    },

    // Make the choice of models.
    modelGroup() {
      this.modelNote = make("p", "s2s-help");
      this.modelChoices = this.engine.models.map((model) => {
        const choice = make("input", "s2s-model", null, { type: "radio", name: this.id + "-model", value: model.name });
        choice.addEventListener("change", () => this.useModel(model));
        return choice;
      });
      this.pills = make("div", "s2s-pills");
      this.pills.append(...this.modelChoices.map((choice, n) => {
        const pill = make("label", "s2s-pill");
        pill.append(choice, make("span", "", this.engine.models[n].title));
        return pill;
      }));
      return this.group("models", "Model and its kind of attention", this.pills, this.modelNote);
    },

    // Make the slider for the temperature, and the link to the result.
    heatGroup() {
      this.slider = make("input", "", null, { id: this.id + "-heat", type: "range", min: "0", max: "2", step: "0.1", value: "0" });
      this.heat = make("output", "s2s-help", "", { for: this.slider.id });
      const field = make("p", "s2s-field");
      field.append(make("label", "", "Temperature", { for: this.slider.id }), this.slider);
      this.slider.addEventListener("input", () => this.slide());
      this.link = make("a", "s2s-link", this.more ? "Look closer: beam search and " + this.engine.models.length + " models" : "Link to this result");
      return this.group("heat", "Draw words at random", field, this.heat, this.link);
    },
  };

  Object.assign(methods, parts);
})();
