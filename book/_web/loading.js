// The third part of the live translator's panel: what the reader sees while a model is loading, and the change from the
// small model that answers first to the model that the reader has chosen.
(function () {
  "use strict";

  const { Panel, make } = self.s2sPanel;
  const BLOCKS = ".s2s-ask, .s2s-chips, .s2s-models, .s2s-loading, .s2s-translation, .s2s-view, .s2s-group, .s2s-link";
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  const named = (model) => "“" + model.title + "”";
  const saving = () => Boolean(navigator.connection && navigator.connection.saveData);
  const loaded = () => new Promise((resolve) => {
    if (document.readyState === "complete") resolve();
    else window.addEventListener("load", resolve, { once: true });
  });

  const parts = {
    // A line of words that screen readers announce, a bar that they do not, and a button.
    loadingLine() {
      const line = make("div", "s2s-loading", null, { hidden: "" });
      this.loadingText = make("p", "s2s-loading-text", "", { role: "status" });
      this.progress = make("progress", "", null, { id: this.id + "-progress", value: "0" });
      this.barLabel = make("label", "", "", { for: this.progress.id });
      this.barFigures = make("span", "s2s-number");
      this.barLine = make("p", "s2s-bar-line");
      this.barLine.append(this.barLabel, this.progress, this.barFigures);
      this.loadingButton = make("button", "s2s-small", "", { type: "button", hidden: "" });
      this.loadingButton.addEventListener("click", () => this.loadingAct());
      line.append(this.barLine, this.loadingText, this.loadingButton);
      this.engine.addEventListener("change", () => this.describeLoading());
      this.loading = line;
      return line;
    },

    // The chosen model if it is loaded or no other can stand in for it; the small one until then. Words and results of a beam
    // search that the reader has chosen belong to the model that offered them, so that model continues.
    speaker() {
      return this.choiceOf() || this.engine.standIn(this.model) || this.model;
    },

    choiceOf() {
      return this.prefix.length || this.beam ? this.by || this.model : null;
    },

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

    // What there is to say, and a button where there is something to do.
    loadingWords(model, small) {
      if (!small) return [this.arrived === model ? named(model) + " is loaded and translates now." : ""];
      if (this.answering.state !== "ready") return [""];
      const answers = named(this.answering) + " translates for now. " + (model.stand_in_note || "");
      if (model.state === "failed") return [model.error.message + " " + answers, "Try again", () => this.fetchChosen(true)];
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
      await loaded(); // the rest of the page comes first
      try {
        await this.engine.load(model.name);
      } catch {
        return; // describeLoading has shown the error
      }
      if (this.model !== model || this.answering === model) return;
      if (this.choiceOf()) {
        this.held = model;
        this.describeLoading();
      } else this.takeOver();
    },

    // The same sentence by the chosen model. What the reader typed, pinned, or is looking at stays where it is.
    takeOver() {
      this.arrived = this.model;
      this.run(true);
    },

    // Change something without moving what the reader sees or where the keyboard is.
    steadily(act) {
      const focus = document.activeElement, part = [this.changes, this.view, this.loading].find((one) => one.contains(focus));
      const alike = () => Array.from(part.querySelectorAll(focus.tagName)), place = part ? alike().indexOf(focus) : -1;
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

  Object.assign(Panel.prototype, parts);
})();
