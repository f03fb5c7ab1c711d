// The reader's choices: how each takes effect, and the buttons that undo it.
(function () {
  "use strict";

  const { methods, make, keepFocus, quoted, spoken, shorten } = self.s2sPanel;
  const NOTHING_CHOSEN = Object.freeze({ prefix: [], pin: null, chosen: null, beam: 0, part: 0, by: null, arrived: null, held: null });

  /** @type {PanelMethods} */
  const parts = {
    // Return whether the text in the field is not the sentence that was translated.
    isEdited() {
      return this.input.value !== this.sentence;
    },

    // Show a note while the result below does not belong to the text in the field.
    markEdited() {
      this.edited.hidden = !this.shown || !this.isEdited();
      this.edited.textContent = "Not translated yet. The result below is the one for " + quoted(shorten(this.sentence || "", 60));
    },

    // Translate with another model.
    useModel(model) {
      this.change({ model, heads: null, ...NOTHING_CHOSEN }, true);
    },

    // Draw words at a temperature; 0 switches drawing off.
    useTemperature(temperature, replace = false) {
      this.change({ temperature, prefix: [], beam: 0 }, true, replace);
    },

    // Use the slider's value. While it moves, all its values share one entry of the history.
    slide() {
      this.useTemperature(Number(this.slider.value), this.sliding);
      this.sliding = true;
    },

    // Draw another translation.
    drawAgain() {
      this.change({ seed: this.seed + 1, prefix: [], beam: 0 }, true);
    },

    // Drop the choices that belong to one translation of one sentence.
    forget() {
      Object.assign(this, NOTHING_CHOSEN);
    },

    // Apply the values of a control. If the text in the field was edited, that text is translated. A setting of the whole page
    // (`general`) applies to the new text too; a choice within the old translation is dropped.
    change(values, general = false, replace = false) {
      const edited = this.isEdited();
      this.clearRemarks();
      if (edited) {
        this.sentence = this.input.value;
        this.forget();
        if (!general) this.remark = "You had edited the sentence, so it was translated first. Your choice belonged to the earlier one.";
      }
      if (general || !edited) Object.assign(this, general ? {} : { by: this.shownBy }, values);
      this.announce = true;
      this.run();
      this.writeAddress(replace && !edited ? "replace" : "push");
    },

    // Translate a new sentence, or one from the address with its settings.
    begin(text, announce, settings = null) {
      const sentence = text.replace(/[\r\n]+/g, " "); // as in the field
      this.input.value = sentence;
      this.grow();
      this.clearRemarks();
      this.forget();
      Object.assign(this, { sentence, announce }, settings);
      this.run();
      if (announce && !settings) this.writeAddress("push");
    },

    // Drop the remarks about the previous change.
    clearRemarks() {
      Object.assign(this, { misfits: [], remark: "", sliding: false });
    },

    // List everything that changes the result, each with a button that switches it off.
    writeChanges() {
      const { pin, prefix, beam, temperature, model } = this, [first] = this.modelsOf(), unit = this.unit();
      /** @type {[string, Action[]][]} */
      const rows = [];
      /** @type {(text: string, ...buttons: Action[]) => void} */
      const add = (text, ...buttons) => rows.push([text, buttons]);
      if (this.found && prefix.length) add("You chose the " + unit + " " + quoted(spoken(this.tokenName(prefix[prefix.length - 1]))) + ".", ["Undo", () => this.change({ prefix: [] })]);
      if (this.found && pin) add((pin.step === null ? "Every " + unit : unit[0].toUpperCase() + unit.slice(1) + " " + (pin.step + 1)) + " is made to look at " +
        quoted(spoken(this.tokenName(this.found.srcWords.concat("<eos>")[pin.source]))) + ".", ["Undo", () => this.change({ pin: null })]);
      if (this.found && beam) add("You chose result " + beam + " of the beam search.", ["Back to the first translation", () => this.change({ beam: 0, chosen: null })]);
      if (temperature) add("The words are drawn at random, with temperature " + temperature.toFixed(1) + ".",
        ["Draw again", () => this.drawAgain()], ["Switch off", () => this.useTemperature(0)]);
      if (this.more && model !== first) add("Translated by the model " + quoted(model.title) + ".", ["Use " + quoted(first.title), () => this.useModel(first)]);
      this.changes.hidden = !rows.length;
      const focused = this.changes.contains(document.activeElement);
      keepFocus(this.changes, () => this.changes.replaceChildren(...rows.map(([text, buttons], number) => this.changeRow(text, buttons, number))));
      if (focused && !rows.length) this.translation.focus({ preventScroll: true });
    },

    // Make one row of that list: a sentence and its buttons.
    changeRow(text, buttons, number) {
      const row = make("p", "s2s-change"), id = this.id + "-change-" + number;
      row.append(make("span", "", text, { id }), ...buttons.map(([name, act]) => {
        const button = make("button", "s2s-small", name, { type: "button", "aria-describedby": id });
        button.addEventListener("click", act);
        return button;
      }));
      return row;
    },
  };

  Object.assign(methods, parts);
})();
