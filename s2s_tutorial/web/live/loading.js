// The display of a model's loading, and the change from the small model that answers first to the model that the reader has
// chosen.
(function () {
  "use strict";

  const { methods, make } = self.s2sPanel;
  const BLOCKS = ".s2s-ask, .s2s-chips, .s2s-models, .s2s-loading, .s2s-translation, .s2s-view, .s2s-group, .s2s-link";
  /** @type {(bytes: number) => string} */
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  /** @type {(model: Model) => string} */
  const named = (model) => "“" + model.title + "”";
  const saving = () => Boolean(navigator.connection && navigator.connection.saveData);
  /** @returns {Promise<unknown>} A promise of the moment when the whole page is loaded. */
  const pageLoaded = () => new Promise((resolve) => {
    if (document.readyState === "complete") resolve(null);
    else window.addEventListener("load", resolve, { once: true });
  });

  /** @type {PanelMethods} */
  const parts = {
    // Make the part that shows loading: a bar, a text that screen readers announce, and a button.
    loadingLine() {
      const line = make("div", "s2s-loading", null, { hidden: "" });
      this.loadingText = make("p", "s2s-loading-text", "", { role: "status" });
      this.progress = make("progress", "", null, { id: this.id + "-progress", value: "0" });
      this.barLabel = make("label", "", "", { for: this.progress.id });
      this.barFigures = make("span", "s2s-number");
      this.barLine = make("p", "s2s-bar-line");
      this.barLine.append(this.barLabel, this.progress, this.barFigures);
      this.loadingButton = make("button", "s2s-small", "", { type: "button", hidden: "" });
      this.loadingButton.addEventListener("click", () => this.loadingAct?.());
      line.append(this.barLine, this.loadingText, this.loadingButton);
      this.engine.addEventListener("change", () => this.describeLoading());
      this.loading = line;
      return line;
    },

    // Return the model that answers: the chosen one if it is loaded or no other can stand in for it, and the small one until
    // then. If the reader has chosen a word or a result of a beam search, the model that offered it continues to answer.
    speaker() {
      return this.choiceOf() || this.engine.standIn(this.model) || this.model;
    },

    // Return the model to which the reader's choice of words or of a result belongs; null without such a choice. A pinned
    // position belongs to a model too, if the small one reads words and the chosen one pieces of words.
    choiceOf() {
      const { model, pin, prefix, beam, by } = this, small = this.engine.models.find((one) => one.name === model.stand_in);
      return prefix.length || beam || (pin && small && small.unit !== model.unit) ? by || model : null;
    },

    // Make the bar, the text and the button show the state of the chosen model.
    describeLoading() {
      const { model, answering } = this, small = answering !== model;
      if (!answering) return;
      const [text, button, act] = this.loadingWords(model, small), height = this.arrived === model ? this.loading.offsetHeight : 0;
      this.barLine.hidden = small ? Boolean(button) : !(model.state === "loading" && this.slow);
      this.barLabel.textContent = "Loading " + named(model);
      this.progress.max = model.total;
      this.progress.value = model.arrived;
      this.barFigures.textContent = megabytes(model.arrived) + " of " + megabytes(model.total) + " MB";
      if (this.loadingText.textContent !== text) this.loadingText.textContent = text;
      this.loadingButton.hidden = !button;
      this.loadingButton.textContent = button || "";
      this.loadingAct = act;
      this.loading.classList.toggle("s2s-loaded", this.arrived === model);
      this.loading.style.minHeight = height ? height + "px" : ""; // so that the translation below it does not move
      this.loading.hidden = this.barLine.hidden && !text;
    },

    // Return the text, and the name and action of the button if there is one.
    loadingWords(model, small) {
      if (!small && model.state === "loading" && this.slow) return ["Loading. Your text is translated as soon as " + named(model) + " is complete."];
      if (!small) return [this.arrived === model ? named(model) + " is loaded and translates now." : ""];
      if (this.answering.state !== "ready") return [""];
      const answers = named(this.answering) + " translates for now. " + (model.stand_in_note || "");
      if (model.error) return [model.error.message + " " + answers, "Try again", () => this.fetchChosen(true)];
      if (saving() && model.state === "new") return [answers + " You save data, so " + named(model) + " was not loaded.",
        "Load " + megabytes(model.total) + " MB", () => this.fetchChosen(true)];
      if (this.held !== model) return [answers];
      return [named(model) + " is loaded. The words that you chose belong to the translation of " + named(this.answering) + ", so it stays.",
        "Translate with " + named(model), () => { this.forget(); this.run(); }];
    },

    // Load the chosen model while the small one answers, and let it take over; only on demand where the reader saves data.
    async fetchChosen(demanded) {
      const { model } = this;
      if (this.answering === model || (saving() && !demanded && model.state === "new")) return this.describeLoading();
      await pageLoaded(); // the rest of the page comes first
      try {
        await this.engine.load(model);
      } catch {
        return; // describeLoading has shown the error
      }
      if (this.model !== model || this.answering === model) return;
      if (this.choiceOf()) {
        this.held = model;
        this.describeLoading();
      } else this.takeOver();
    },

    // Translate the same sentence with the chosen model. What the reader typed, pinned, or is looking at stays where it is.
    takeOver() {
      this.arrived = this.model;
      this.run(true);
    },

    // Change something without moving what the reader sees or the keyboard focus.
    steadily(act) {
      const focused = /** @type {HTMLElement} */ (document.activeElement), tag = focused.tagName;
      const part = [this.changes, this.view, this.loading].find((one) => one.contains(focused));
      /** @returns {HTMLElement[]} */
      const alike = () => Array.from(part?.querySelectorAll(tag) ?? []);
      const place = alike().indexOf(focused);
      const open = this.view.querySelector("details[open]") !== null;
      const seen = Array.from(this.host.querySelectorAll(BLOCKS)).find((one) => one.getBoundingClientRect().bottom > 0);
      const edge = () => (seen ? seen.getBoundingClientRect().top : this.host.getBoundingClientRect().bottom), before = edge();
      const result = act();
      const details = this.view.querySelector("details"), lost = document.activeElement === document.body;
      if (open && details) details.open = true;
      if (lost && place >= 0) (alike()[place] || this.input).focus({ preventScroll: true });
      window.scrollBy({ top: edge() - before, behavior: "instant" });
      return result;
    },
  };

  Object.assign(methods, parts);
})();
