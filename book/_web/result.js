// The second half of the live translator's panel: a translation appears, and what can be done with it.
(function () {
  "use strict";

  const { Panel, make, keepFocus, percent, quoted, spoken, PACE, LANGUAGES } = self.s2sPanel;
  // The word to begin with: the one that looks farthest from its own place, where order changes and attention shows.
  function mostMoved(best) {
    let chosen = 0, most = -1;
    (best.weights || []).slice(0, best.words.length).forEach((row, step) => {
      const top = Math.max(...row), distance = Math.abs(row.indexOf(top) - step) + top;
      if (/[a-z]/.test(best.words[step]) && distance > most) [chosen, most] = [step, distance];
    });
    return chosen;
  }

  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  const parts = {
    // Show a translation, word by word; in the view below, attention goes along.
    async show(best, turn) {
      this.shown = best;
      const spans = this.writeWords(best);
      this.writeNotes(best);
      this.writeChanges();
      this.writeLink();
      this.writePaper(best);
      const view = this.mountView(best), last = Math.max(best.words.length - 1, 0);
      this.chosen = this.chosen === null ? mostMoved(best) : Math.min(this.chosen, last);
      this.fillAttend(best);
      if (this.announce) this.said.textContent = "Translation: " + best.text;
      const hurry = calm() || this.quiet || this.pin !== null || this.prefix.length > 0;
      for (let step = 0; step < best.words.length && !hurry; step++) {
        spans.forEach((span, n) => span.classList.toggle("s2s-coming", n > step));
        if (view) view.step(step + 1);
        await new Promise((resolve) => setTimeout(resolve, PACE));
        if (turn !== this.turn || best !== this.shown) return;
      }
      if (view) {
        view.step(best.weights.length);
        view.choose("target", this.chosen);
      }
      this.listConsidered();
    },

    // The translation as people write it; each word is an element of its own, so that copied ones can be marked.
    writeWords(best) {
      this.translation.lang = this.language.target;
      this.translation.replaceChildren();
      let end = 0;
      const spans = best.words.map((word, n) => {
        const [start, stop] = best.places[n];
        const span = make("span", best.copied.includes(n) ? "s2s-copy" : "", best.text.slice(end, stop));
        span.textContent = best.text.slice(start, stop);
        this.translation.append(best.text.slice(end, start), span);
        end = stop;
        return span;
      });
      this.translation.append(best.text.slice(end));
      if (!best.words.length) this.translation.textContent = "…";
      return spans;
    },

    // What was done about words that the model does not know.
    writeNotes(best) {
      const copied = new Set(best.copied.map((place) => best.words[place])), known = this.answering.words[0].toLocaleString("en");
      const notes = Array.from(new Set(this.found.unknown)).map((word) => [word, copied.has(word)
        ? " is not among the " + known + " words of this model. It was copied into the translation."
        : " is not among the " + known + " words of this model. It was read as an unknown word, and the rest decided."]);
      copied.forEach((word) => {
        if (!this.found.unknown.includes(word)) notes.push([word, " was copied: the model had no word for this place, and looked there."]);
      });
      if (best.words.includes("<unk>")) notes.push(["<unk>", " stands for a word that the model does not have; without attention none can be copied."]);
      this.notes.replaceChildren(...notes.map(([word, rest]) => {
        const note = make("li");
        note.append(make("span", "s2s-copy", word, { lang: this.language.source }), rest);
        return note;
      }));
    },

    // What the reader has changed, and a way back.
    writeChanges() {
      const words = this.found.srcWords.concat("<eos>"), changes = [];
      if (this.prefix.length) changes.push("You chose the word " + quoted(this.forced) + ".");
      if (this.pin) changes.push((this.pin.step === null ? "Every word" : "Word " + (this.pin.step + 1)) +
        " is made to look at " + quoted(words[this.pin.source]) + ".");
      const back = make("button", "s2s-small", "Undo", { type: "button" });
      back.addEventListener("click", () => { this.forget(); this.run(); this.input.focus(); });
      this.changes.hidden = !changes.length;
      this.changes.replaceChildren(make("span", "", changes.join(" ")), " ", back);
    },

    mountView(best) {
      this.view.hidden = false;
      if (!best.weights) {
        this.view.replaceChildren(make("p", "s2s-help", "This model has no attention: all it knows of the sentence is one vector."));
        return null;
      }
      const { source, target } = this.language;
      return keepFocus(this.view, () => window.s2sAttentionView.mount(this.view, {
        source: this.found.srcWords.concat("<eos>"), target: best.words.concat("<eos>").slice(0, best.weights.length),
        weights: best.weights, unknown: this.found.unknown, copied: best.copied, pinned: this.pin ? this.pin.source : undefined,
        sourceLabel: LANGUAGES[source] + ", as the model reads it", targetLabel: LANGUAGES[target] + ", as the model says it",
        sourceLanguage: source, targetLanguage: target,
      }));
    },

    // A word of the view was clicked: one of the target is chosen, one of the source is what the chosen one shall look at.
    choose(side, place) {
      this.touched = true;
      if (side === "target") {
        this.chosen = place;
        this.fillAttend(this.shown);
        this.listConsidered();
      } else this.attend(String(place), "this");
    },

    fillAttend(best) {
      const attends = best.weights !== null, word = best.words[this.chosen] || "<eos>";
      const options = (select, entries, value) => {
        select.replaceChildren(...entries.map(([name, text]) => make("option", "", text, { value: name })));
        select.value = value;
        select.disabled = !attends;
      };
      options(this.when, [["this", "word " + (this.chosen + 1) + ", " + quoted(spoken(word))], ["all", "every word"]],
        this.pin && this.pin.step === null ? "all" : "this");
      options(this.place, [["", "what it likes"]].concat(this.found.srcWords.map((text, place) => [String(place), text]), [[String(this.found.srcWords.length), "<eos>"]]),
        this.pin && (this.pin.step === null || this.pin.step === this.chosen) ? String(this.pin.source) : "");
      this.hint.textContent = "Choose a word to see where it looked; then a " + LANGUAGES[this.language.source] + " word, and it must look there.";
      this.hint.hidden = !attends;
    },

    attend(place, when) {
      if (place === "") this.pin = null;
      else this.pin = { source: Number(place), step: when === "all" ? null : this.chosen };
      if (this.pin && this.pin.step !== null) this.prefix = this.prefix.slice(0, this.pin.step);
      this.run();
    },

    // The words that had the highest probability where the chosen word stands. Each can be put there.
    listConsidered() {
      const steps = this.shown.steps, step = steps && steps[this.chosen];
      if (!step) {
        this.considered.replaceChildren(make("li", "s2s-help", "Only known for the translation that was made word by word."));
        return;
      }
      const said = this.shown.ids[this.chosen];
      keepFocus(this.considered, () => this.considered.replaceChildren(...step.map((entry) => this.bar(entry.share, spoken(entry.word), percent(entry.share),
        entry.id === said || (entry.word === "<eos>" && said === undefined), () => {
          this.prefix = this.shown.ids.slice(0, this.chosen).concat(entry.id);
          this.forced = spoken(entry.word);
          this.run();
        }))));
    },

    listBeam(beam) {
      keepFocus(this.best, () => this.best.replaceChildren(...beam.map((one) => this.bar(Math.exp(one.score), one.text || "…", one.score.toFixed(2).replace("-", "−"), false, () => {
        this.chosen = null;
        this.show(one, this.turn);
      }))));
    },

    bar(share, text, number, pressed, act) {
      const item = make("li"), button = make("button", "s2s-choice", null, { type: "button", "aria-pressed": String(pressed) });
      const fill = make("span", "s2s-fill", null, { "aria-hidden": "true" });
      fill.style.transform = "scaleX(" + Math.min(share, 1) + ")";
      button.append(fill, make("span", "s2s-choice-text", text, { lang: this.language.target }), make("span", "s2s-number", number));
      button.addEventListener("click", act);
      item.append(button);
      return item;
    },
  };

  Object.assign(Panel.prototype, parts);
})();
