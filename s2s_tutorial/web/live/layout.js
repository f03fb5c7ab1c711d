// The layout of the panel on each medium: the field grows with its sentence, a small screen scrolls to a new translation, and
// a printed page shows sentence, translation and attention weights.
(function () {
  "use strict";

  const { methods, make, languageName } = self.s2sPanel;

  /** @type {PanelMethods} */
  const parts = {
    // Let the field grow, let Enter translate, turn line breaks into spaces, and add the part for print.
    growing() {
      const { input } = this, form = /** @type {HTMLFormElement} */ (input.form);
      input.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.isComposing) return;
        event.preventDefault();
        if (!event.shiftKey) form.requestSubmit();
      });
      input.addEventListener("input", () => {
        const caret = input.selectionStart, plain = input.value.replace(/[\r\n]/g, " ");
        if (plain !== input.value) {
          input.value = plain;
          input.setSelectionRange(caret, caret);
        }
        this.grow();
      });
      if (window.ResizeObserver) new ResizeObserver(() => this.grow()).observe(form);
      this.host.addEventListener("submit", () => { this.asked = true; });
      this.chips.addEventListener("click", (event) => { this.asked = /** @type {Element} */ (event.target).closest("button") !== null; });
      this.paper = make("div", "s2s-paper");
      this.host.append(this.paper);
    },

    // Make the field as high as its text.
    grow() {
      const { style } = this.input;
      style.height = "auto";
      style.height = this.input.scrollHeight + this.input.offsetHeight - this.input.clientHeight + "px";
    },

    // Scroll to a translation that the reader asked for, if the screen does not show all of it.
    reveal() {
      if (!this.asked) return;
      this.asked = false;
      const { top } = this.translation.getBoundingClientRect(), { bottom } = (this.view.hidden ? this.translation : this.view).getBoundingClientRect();
      if (top >= 0 && bottom <= window.innerHeight) return;
      const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      this.translation.scrollIntoView({ block: "start", behavior: calm ? "instant" : "smooth" });
    },

    // Write what is printed in place of the panel.
    writePaper(best, found) {
      const { source, target } = this.language;
      const pair = [[source, this.sentence, "Sentence"], [target, this.wholeText(best, found), "Translation"]].flatMap(([language, text, otherwise]) => [
        make("p", "s2s-heading", languageName(language, otherwise)), make("p", "s2s-sentence", text, { lang: language })]);
      const changes = Array.from(this.changes.querySelectorAll(".s2s-change > span"), (change) => change.textContent);
      const notes = ["Translated by the model " + this.answering.title + ".", ...changes, ...Array.from(this.notes.children, (note) => note.textContent)];
      this.paper.replaceChildren(...pair, ...notes.map((note) => make("p", "s2s-help", note)));
      if (best.weights) this.paper.append(this.weightTable(best, found));
    },

    // Make the table of all attention weights: a row for each target word, a column for each source word.
    weightTable(best, found) {
      const table = make("table"), head = make("tr"), body = make("tbody"), words = this.viewWords(best, found), { source, target, caption } = this.sidesOf(words.kind);
      /** @type {(tag: "td" | "th", text: string, language: string) => HTMLElement} */
      const cell = (tag, text, language) => make(tag, "", text, text !== "<eos>" ? { lang: language } : {});
      head.append(make("td"), ...words.source.map((word) => cell("th", word, source)));
      words.weights.forEach((weights, step) => {
        const row = make("tr");
        row.append(cell("th", words.target[step], target), ...weights.map((weight) => {
          const made = make("td", "", weight < 0.005 ? "" : Math.round(100 * weight) + "%");
          made.style.background = "color-mix(in srgb, var(--s2s-ink) " + Math.round(60 * weight) + "%, transparent)";
          return made;
        }));
        body.append(row);
      });
      const top = make("thead");
      top.append(head);
      table.append(make("caption", "", caption), top, body);
      return table;
    },
  };

  Object.assign(methods, parts);
})();
