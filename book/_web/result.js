// The part of the live translator's panel that shows a translation, and the controls that change it.
(function () {
  "use strict";

  const { Panel, make, keepFocus, percent, quoted, spoken, PACE, LANGUAGES } = self.s2sPanel;

  // The word that is chosen first: the one that looks farthest from its own position, because it shows best what attention does.
  function mostMoved(best) {
    let chosen = 0, most = -1;
    (best.weights || []).slice(0, best.words.length).forEach((row, step) => {
      const top = Math.max(...row), distance = Math.abs(row.indexOf(top) - step) + top;
      if (/[a-z]/.test(best.words[step]) && distance > most) [chosen, most] = [step, distance];
    });
    return chosen;
  }

  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  // Fill a select. What already stands there is not touched, so that a redraw never disturbs a reader who is choosing.
  function offer(select, entries, value, disabled) {
    const listed = (pairs) => JSON.stringify(pairs);
    if (listed(entries) !== listed(Array.from(select.options, (option) => [option.value, option.text])))
      select.replaceChildren(...entries.map(([name, text]) => make("option", "", text, { value: name })));
    if (select.value !== value) select.value = value;
    select.disabled = disabled;
  }

  const parts = {
    // Show a translation word by word, with its attention in the view below it.
    async show(best, turn) {
      this.shown = best;
      const last = Math.max((best.weights || best.words).length - 1, 0);
      this.fitToResult(last);
      this.at = Math.min(this.chosen ?? this.pin?.step ?? mostMoved(best), last);
      const spans = this.writeWords(best);
      this.writeNotes(best);
      this.writeChanges();
      this.writeLink();
      this.writePaper(best);
      const view = this.mountView(best);
      this.fillAttend(best);
      if (this.announce) this.announceResult(best);
      const hurry = calm() || this.quiet || this.pin !== null || this.prefix.length > 0 || this.beam > 0;
      for (let step = 0; step < best.words.length && !hurry; step++) {
        spans.forEach((span, n) => span.classList.toggle("s2s-coming", n > step));
        if (view) view.step(step + 1);
        await new Promise((resolve) => setTimeout(resolve, PACE));
        if (turn !== this.turn || best !== this.shown) return;
      }
      if (view) {
        view.step(best.weights.length);
        view.choose("target", this.at);
      }
      this.listConsidered();
    },

    // The translation as people write it. Each word is an element, so that copied words can be marked.
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

    mountView(best) {
      this.view.hidden = false;
      if (!best.weights) {
        this.view.replaceChildren(make("p", "s2s-help", "This model has no attention: one vector is all that the decoder gets from the sentence."));
        return null;
      }
      const { source, target } = this.language;
      const view = keepFocus(this.view, () => window.s2sAttentionView.mount(this.view, {
        source: this.found.srcWords.concat("<eos>"), target: best.words.concat("<eos>").slice(0, best.weights.length),
        weights: best.weights, unknown: this.found.unknown, copied: best.copied, pinned: this.pin ? this.pin.source : undefined,
        sourceLabel: LANGUAGES[source] + ", as the model reads it", targetLabel: LANGUAGES[target] + ", as the model writes it",
        sourceLanguage: source, targetLanguage: target,
      }));
      this.markLeftOut(best);
      this.listen("off"); // a screen reader hears of the words that were looked at only when the reader moves in the view
      return view;
    },

    listen(how) {
      const said = this.view.querySelector(".s2s-said");
      if (said) said.setAttribute("aria-live", how);
    },

    // A click in the view: a target word becomes the chosen one; the chosen word must then look at a source word.
    choose(side, place) {
      if (side === "target") {
        this.chosen = this.at = place;
        this.fillAttend(this.shown);
        this.listConsidered();
        if (!this.isEdited()) this.writeAddress("replace");
      } else {
        this.every = false;
        this.attend(String(place));
      }
    },

    fillAttend(best) {
      const attends = best.weights !== null, word = best.words[this.at] || "<eos>", { pin, every } = this;
      const places = this.found.srcWords.concat("<eos>").map((text, place) => [String(place), spoken(text)]);
      const pinned = pin && (pin.step === null ? every : !every && pin.step === this.at);
      offer(this.when, [["this", "word " + (this.at + 1) + ", " + quoted(spoken(word))], ["all", "every word"]], every ? "all" : "this", !attends);
      offer(this.place, [["", "(the model decides)"], ...places], pinned ? String(pin.source) : "", !attends);
      this.hint.textContent = "Choose a word to see where the model looked, then a " + LANGUAGES[this.language.source] + " word to look at instead.";
      this.hint.hidden = !attends;
    },

    attend(place) {
      const step = this.every ? null : this.at;
      if (place === "") this.change({ pin: null, beam: 0 });
      else this.change({ pin: { source: Number(place), step }, beam: 0, chosen: this.at, prefix: step === null ? this.prefix : this.prefix.slice(0, step) });
    },

    // The words with the highest probabilities at the chosen word's position. Each can take its place.
    listConsidered() {
      const { steps, said, ids } = this.shown, step = steps && steps[this.at];
      if (!step) {
        this.considered.replaceChildren(make("li", "s2s-help", steps ? "Nothing was translated." : "A result of the beam search has no such list. Go back to the first translation to see it."));
        return;
      }
      keepFocus(this.considered, () => this.considered.replaceChildren(...step.map((entry) => this.bar(entry.share, spoken(entry.word), percent(entry.share),
        entry.id === ids[this.at] || (entry.word === "<eos>" && this.at === ids.length),
        () => this.change({ prefix: said.slice(0, this.at).concat(entry.word), chosen: this.at })))));
    },

    listBeam(results) {
      keepFocus(this.best, () => this.best.replaceChildren(...results.map((one, n) =>
        this.bar(Math.exp(one.score), one.text || "…", one.score.toFixed(2).replace("-", "−"), n + 1 === this.beam,
          () => this.change({ beam: n + 1, prefix: [], temperature: 0, chosen: null })))));
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
