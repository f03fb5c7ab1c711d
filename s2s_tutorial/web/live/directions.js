// The direction of translation: the choice between the pairs of languages that the page has models for. A model of another
// direction is loaded only when the reader chooses it.
(function () {
  "use strict";

  const { methods, make, offer, languageName } = self.s2sPanel;
  /** @type {(model: Model) => [string, string]} */
  const languagesOf = (model) => model.languages || ["fr", "en"];
  /** @type {(model: Model) => string} */
  const directionOf = (model) => languagesOf(model).join("-");

  /** @type {PanelMethods} */
  const parts = {
    // Make the choice of a direction; it is hidden if all models have the same one.
    directionField() {
      const [field, select] = this.select("direction", "Translate from");
      select.addEventListener("change", () => this.translateIn(select.value));
      field.classList.add("s2s-direction");
      this.directionSelect = select;
      return field;
    },

    // Return the models of a direction; undefined stands for the one of the chosen model.
    modelsOf(direction) {
      const wanted = direction || directionOf(this.model);
      return this.engine.models.filter((model) => directionOf(model) === wanted);
    },

    // Show the direction of the chosen model, and only the models of this direction.
    describeDirection() {
      const shown = this.modelsOf(), directions = Array.from(new Set(this.engine.models.map(directionOf)));
      offer(this.directionSelect, directions.map((direction) => [direction, this.directionName(this.modelsOf(direction)[0])]), directionOf(this.model), false);
      /** @type {HTMLElement} */ (this.directionSelect.parentElement).hidden = directions.length === 1;
      this.modelChoices.forEach((choice, n) => { /** @type {HTMLElement} */ (choice.parentElement).hidden = !shown.includes(this.engine.models[n]); });
      this.pills.hidden = shown.length === 1;
      if (this.model.languages) this.setLanguage(this.model.languages[1], this.model.languages[0]);
    },

    // Return the name of a direction, with the size of what choosing it loads.
    directionName(model) {
      const [source, target] = languagesOf(model), isLoaded = model === this.model || model.state === "ready" || this.modelsOf().includes(model);
      return languageName(source, source) + " to " + languageName(target, target) + (isLoaded ? "" : " (loads " + (model.total / 1e6).toFixed(1) + " MB)");
    },

    // Translate in another direction: what the reader has typed, or else the present translation, back into its source language.
    translateIn(direction) {
      const [model] = this.modelsOf(direction), { shown, found } = this;
      const isTyped = this.isEdited() || !shown || !found || found.foreign;
      const text = isTyped ? this.input.value : this.wholeText(shown, found);
      Object.assign(this, { model, heads: null });
      this.describeDirection();
      this.clearResult();
      this.begin(text.trim() ? text : this.exampleTexts()[0] || "", true);
    },

    // Remove the result, because it does not belong to what is asked now.
    clearResult() {
      [this.translation, this.notes, this.considered, this.best].forEach((part) => part.replaceChildren());
      this.view.hidden = this.hint.hidden = this.switches.hidden = true;
      this.found = this.shown = null;
    },
  };

  Object.assign(methods, parts);
})();
