// What the reader chooses, how a choice takes effect, and the way back from it.
(function () {
  "use strict";

  const { Panel, make, keepFocus, quoted, spoken, shorten } = self.s2sPanel;
  const NOTHING_CHOSEN = Object.freeze({ prefix: [], pin: null, chosen: null, beam: 0, by: null, arrived: null, held: null });

  const parts = {
    isEdited() {
      return this.input.value !== this.sentence;
    },

    // Say that the result below does not belong to the text in the field, while that is so.
    markEdited() {
      this.edited.hidden = !this.shown || !this.isEdited();
      this.edited.textContent = "Not translated yet. The result below is the one for " + quoted(shorten(this.sentence || "", 60));
    },

    useModel(model) {
      this.change({ model, ...NOTHING_CHOSEN }, true);
    },

    useTemperature(temperature, replace = false) {
      this.change({ temperature, prefix: [], beam: 0 }, true, replace);
    },

    // All values that follow each other while the slider moves are one entry of the history.
    slide() {
      this.useTemperature(Number(this.slider.value), this.sliding);
      this.sliding = true;
    },

    drawAgain() {
      this.change({ seed: this.seed + 1, prefix: [], beam: 0 }, true);
    },

    // Drop the choices that belong to one translation of one sentence.
    forget() {
      Object.assign(this, NOTHING_CHOSEN);
    },

    // Every control comes here. It works on what the field shows: where the text was edited, the new sentence is translated.
    // A setting of the whole page (`general`) applies to it too; a choice within the old translation has nothing to apply to.
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
      const sentence = text.replace(/[\r\n]+/g, " "); // as the field shows it
      this.input.value = sentence;
      this.grow();
      this.clearRemarks();
      this.forget();
      Object.assign(this, { sentence, announce }, settings);
      this.run();
      if (announce && !settings) this.writeAddress("push");
    },

    clearRemarks() {
      Object.assign(this, { misfits: [], remark: "", sliding: false });
    },

    // Everything that changes the result, beside the result, each with a way to switch it off.
    writeChanges() {
      const { pin, prefix, beam, temperature, model } = this, rows = [], first = this.engine.models[0];
      const add = (text, ...buttons) => rows.push([text, buttons]);
      if (this.found && prefix.length) add("You chose the word " + quoted(spoken(prefix[prefix.length - 1])) + ".", ["Undo", () => this.change({ prefix: [] })]);
      if (this.found && pin) add((pin.step === null ? "Every word" : "Word " + (pin.step + 1)) + " is made to look at " +
        quoted(spoken(this.found.srcWords.concat("<eos>")[pin.source])) + ".", ["Undo", () => this.change({ pin: null })]);
      if (this.found && beam) add("You chose result " + beam + " of the beam search.", ["Back to the first translation", () => this.change({ beam: 0, chosen: null })]);
      if (temperature) add("The words are drawn at random, with temperature " + temperature.toFixed(1) + ".",
        ["Draw again", () => this.drawAgain()], ["Switch off", () => this.useTemperature(0)]);
      if (this.more && model !== first) add("Translated by the model " + quoted(model.title) + ".", ["Use " + quoted(first.title), () => this.useModel(first)]);
      this.changes.hidden = !rows.length;
      const focused = this.changes.contains(document.activeElement);
      keepFocus(this.changes, () => this.changes.replaceChildren(...rows.map(([text, buttons], number) => this.changeRow(text, buttons, number))));
      if (focused && !rows.length) this.translation.focus({ preventScroll: true });
    },

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

  Object.assign(Panel.prototype, parts);
})();
