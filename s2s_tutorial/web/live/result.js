// The display of a translation, and of the lists and selects that change it.
(function () {
  "use strict";

  const { methods, make, offer, keepFocus, percent, quoted, spoken, languageName } = self.s2sPanel;
  const PACE = 130; // milliseconds between two words

  /**
   * Return the position of the target word that is chosen first: the one whose attention is farthest from its own position,
   * because it shows best what attention does.
   * @param {Translation} best
   */
  function mostMoved(best) {
    let chosen = 0, most = -1;
    (best.weights || []).slice(0, best.words.length).forEach((row, step) => {
      const top = Math.max(...row), distance = Math.abs(row.indexOf(top) - step) + top;
      if (/\p{L}/u.test(best.words[step]) && distance > most) [chosen, most] = [step, distance];
    });
    return chosen;
  }

  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  /** @type {PanelMethods} */
  const parts = {
    // Show a translation word by word, with its attention in the view below it.
    async show(best, found, turn) {
      this.shown = best;
      const last = Math.max((best.weights || best.words).length - 1, 0);
      this.fitToResult(last);
      this.at = Math.min(this.chosen ?? this.pin?.step ?? mostMoved(best), last);
      const spans = this.writeWords(best, found);
      this.writeNotes(best, found);
      this.writeChanges();
      this.writeLink();
      this.writePaper(best, found);
      const view = this.mountView(best, found);
      this.fillAttend(best, found);
      if (this.announce) this.announceResult(best);
      const hurry = calm() || this.quiet || this.heads !== null || this.pin !== null || this.prefix.length > 0 || this.beam > 0;
      for (let step = 0; step < best.words.length && !hurry; step++) {
        spans.forEach((span, n) => span.classList.toggle("s2s-coming", n > step));
        if (view) view.step(this.viewed.rowOf(step) + 1);
        await new Promise((resolve) => setTimeout(resolve, PACE));
        if (turn !== this.turn || best !== this.shown) return;
      }
      if (view) {
        view.step(this.viewed.rows.length);
        view.choose("target", this.viewed.rowOf(this.at));
      }
      this.listConsidered();
    },

    // Write the translation. Each word of the chosen sentence is an element, so that copied words can be marked.
    writeWords(best, found) {
      const { shown, spaces } = this.wholeTranslation(best, found);
      /** @type {HTMLElement[]} */
      let spans = [];
      this.translation.lang = this.language.target;
      this.translation.replaceChildren();
      spaces.forEach((space, n) => {
        this.translation.append(space);
        if (n === found.part) spans = this.writeSentence(best);
        else if (shown[n]) this.translation.append(make("span", "s2s-other", shown[n].text));
      });
      if (!this.translation.textContent) this.translation.textContent = "…";
      return spans;
    },

    // Write the chosen sentence.
    writeSentence(best) {
      let end = 0;
      const spans = best.words.map((_, n) => {
        const [start, stop] = best.places[n];
        const span = make("span", best.copied.includes(n) ? "s2s-copy" : "", best.text.slice(start, stop));
        this.translation.append(best.text.slice(end, start), span);
        end = stop;
        return span;
      });
      this.translation.append(best.text.slice(end));
      return spans;
    },

    // Draw the attention view.
    mountView(best, found) {
      this.view.hidden = false;
      this.describeSwitches(best, found);
      const { weights } = best;
      if (!weights) {
        this.view.replaceChildren(make("p", "s2s-help", "This model has no attention: one vector is all that the decoder gets from the sentence."));
        return null;
      }
      const words = this.viewWords(best, found), { kind } = words, { source, target, sourceLabel, targetLabel, caption } = this.sidesOf(kind);
      this.viewed = words;
      const view = keepFocus(this.view, () => window.s2sAttentionView.mount(this.view, {
        source: words.source, target: words.target, weights: words.weights, sourceLabel, targetLabel, sourceLanguage: source, targetLanguage: target,
        unknown: kind === "decoder" ? [] : found.unknown.map((word) => this.tokenName(word)),
        copied: kind === "encoder" ? [] : best.copied.map(words.rowOf), pinned: this.pin && kind === "cross" ? words.columnOf(this.pin.source) : undefined,
      }));
      this.view.classList.toggle("s2s-still", kind === "encoder"); // its words are all read at once, so there are no steps
      const table = this.view.querySelector("caption");
      if (table && kind !== "cross") table.textContent = caption;
      if (kind === "cross") this.markLeftOut(best);
      this.listen("off"); // until the reader moves to the view, a screen reader announces only the translation
      return view;
    },

    // Set whether screen readers announce changes of the attention view.
    listen(how) {
      const said = this.view.querySelector(".s2s-summary");
      if (said) said.setAttribute("aria-live", how);
    },

    // Handle a click in the view: a target word becomes the chosen word, and a source word is pinned for the chosen word. Of a
    // word that is joined of pieces, it is the first piece.
    choose(side, place) {
      const { kind, rows, columns } = this.viewed, [position] = (side === "target" ? rows : columns)[place];
      if (kind === "encoder" || (kind === "decoder" && side === "source")) return; // there is nothing to pin
      if (side === "target") {
        this.chosen = this.at = position;
        if (this.shown && this.found) this.fillAttend(this.shown, this.found);
        this.listConsidered();
        if (!this.isEdited()) this.writeAddress("replace");
      } else {
        this.every = false;
        this.attend(String(position));
      }
    },

    // Fill the selects that pin the attention.
    fillAttend(best, found) {
      const attends = best.weights !== null, word = best.words[this.at] || "<eos>", { pin, every } = this, unit = this.unit();
      /** @type {(token: string) => string} */
      const name = (token) => spoken(this.tokenName(token));
      const places = found.srcWords.concat("<eos>").map((text, place) => [String(place), name(text)]);
      const pinned = pin && (pin.step === null ? every : !every && pin.step === this.at);
      offer(this.stepSelect, [["this", unit + " " + (this.at + 1) + ", " + quoted(name(word))], ["all", "every " + unit]], every ? "all" : "this", !attends);
      offer(this.sourceSelect, [["", "(the model decides)"], ...places], pinned ? String(pin.source) : "", !attends);
      const shown = this.joinBox.checked ? "word" : unit;
      this.hint.textContent = "Choose a " + shown + " to see where the model looked" +
        (this.weightsOf(best).kind === "cross" ? ", then the " + languageName(this.language.source, "source") + " " + shown + " to look at instead." : ".");
      this.hint.hidden = !attends;
    },

    // Pin a source position for the chosen word, or for every word; "" removes the pin.
    attend(source) {
      const step = this.every ? null : this.at;
      if (source === "") this.change({ pin: null, beam: 0 });
      else this.change({ pin: { source: Number(source), step }, beam: 0, chosen: this.at, prefix: step === null ? this.prefix : this.prefix.slice(0, step) });
    },

    // List the most probable words at the chosen word's position, as buttons that put them there.
    listConsidered() {
      if (!this.shown) return;
      /** @type {Element} */ (this.considered.previousElementSibling).textContent = "The most probable " + this.unit() + "s at this position";
      const { steps, modelWords, ids } = this.shown, step = steps && steps[this.at];
      if (!step) {
        this.considered.replaceChildren(make("li", "s2s-help", steps ? "Nothing was translated." : "A result of the beam search has no such list. Go back to the first translation to see it."));
        return;
      }
      keepFocus(this.considered, () => this.considered.replaceChildren(...step.map((entry) => this.bar(entry.share, spoken(this.tokenName(entry.word)), percent(entry.share),
        entry.id === ids[this.at] || (entry.word === "<eos>" && this.at === ids.length),
        () => this.change({ prefix: modelWords.slice(0, this.at).concat(entry.word), chosen: this.at })))));
    },

    // List the results of the beam search, as buttons that show them.
    listBeam(results) {
      keepFocus(this.best, () => this.best.replaceChildren(...results.map((one, n) =>
        this.bar(Math.exp(one.score), one.text || "…", one.score.toFixed(2).replace("-", "−"), n + 1 === this.beam,
          () => this.change({ beam: n + 1, prefix: [], temperature: 0, chosen: null })))));
    },

    // Make a button with a bar for a probability.
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

  Object.assign(methods, parts);
})();
