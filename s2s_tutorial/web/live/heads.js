// The heads of a Transformer: the reader chooses a kind of attention, a layer, and one head or the mean of all, and the view shows
// where it looks. The weights come from the worker, which reads the sentence and its translation again.
(function () {
  "use strict";

  const { methods, make, offer, languageName } = self.s2sPanel;
  const KINDS = [["cross", "from the translation to the sentence"], ["encoder", "within the sentence"], ["decoder", "within the translation"]];

  /**
   * Return the attention that a Transformer's view begins with: the mean over the heads of the top layer, from the translation to
   * the sentence.
   * @param {{ layers: number }} heads
   * @returns {Look}
   */
  const usual = ({ layers }) => ({ kind: "cross", layer: layers - 1, head: null });

  /** @type {PanelMethods} */
  const parts = {
    // Make the selects that choose what the view shows.
    headSwitches() {
      const line = make("div", "s2s-heads", null, { role: "group", "aria-label": "Heads of the Transformer", hidden: "" });
      const fields = [["kind", "Attention"], ["layer", "Layer"], ["head", "Head"]].map(([name, label]) => this.select(name, label));
      const [kindSelect, layerSelect, headSelect] = fields.map(([, select]) => select);
      line.append(...fields.map(([field]) => field));
      fields.forEach(([, select]) => select.addEventListener("change", () => this.chooseHeads()));
      Object.assign(this, { headLine: line, kindSelect, layerSelect, headSelect });
      return line;
    },

    // Show them if the model has heads; not in a small panel.
    describeHeads(best, found) {
      const { heads } = found;
      this.headLine.hidden = !heads || !best.weights || this.more !== "";
      if (!heads) return;
      const { kind, layer, head } = (this.hasHead(found) && this.heads) || usual(heads);
      /** @type {(count: number) => string[][]} */
      const numbered = (count) => Array.from({ length: count }, (_, n) => [String(n + 1), String(n + 1)]);
      offer(this.kindSelect, KINDS, kind, false);
      offer(this.layerSelect, numbered(heads.layers), String(layer + 1), false);
      offer(this.headSelect, [["mean", "mean of all " + heads.heads], ...numbered(heads.heads)], head === null ? "mean" : String(head + 1), false);
    },

    // Show what the selects choose.
    async chooseHeads() {
      const { found, shown, turn } = this;
      if (!found || !found.heads || !shown) return;
      const head = this.headSelect.value, kind = /** @type {LookKind} */ (this.kindSelect.value), first = usual(found.heads);
      /** @type {Look} */
      const look = { kind, layer: Number(this.layerSelect.value) - 1, head: head === "mean" ? null : Number(head) - 1 };
      this.heads = Object.entries(first).every(([name, value]) => look[/** @type {keyof Look} */ (name)] === value) ? null : look;
      const chosen = this.heads;
      await this.watchHeads(shown, found);
      if (turn !== this.turn || chosen !== this.heads || shown !== this.shown) return;
      this.redraw();
      this.listen("polite");
      if (!this.isEdited()) this.writeAddress("replace");
    },

    // Ask for the chosen weights of a translation. Without a choice they are those that came with it.
    async watchHeads(best, found) {
      const look = this.heads;
      this.watched = null;
      if (!look || !this.hasHead(found) || !best.weights) return;
      const rows = await this.engine.ask("heads", { model: this.shownBy.name, sentence: this.sentence, look, ids: best.ids, options: { pin: found.pin, part: found.part } });
      if (look !== this.heads) return;
      const count = look.kind === "encoder" ? rows.length : best.weights.length; // a search that ended at its limit wrote no end mark
      this.watched = { best, kind: look.kind, weights: look.kind === "decoder" ? rows.slice(0, count).map((/** @type {number[]} */ row) => row.slice(0, count)) : rows.slice(0, count) };
    },

    // Return whether the model has the chosen head.
    hasHead(found) {
      const look = this.heads, { heads } = found;
      return !look || (heads !== null && look.layer < heads.layers && (look.head ?? 0) < heads.heads);
    },

    // Return the weights that the view shows for a translation, and their kind.
    weightsOf(best) {
      return this.watched?.best === best ? this.watched : { kind: "cross", weights: best.weights || [] };
    },

    // Return the languages, the labels and the description of a kind of attention.
    sidesOf(kind) {
      const { source, target } = this.language, [from, to] = [languageName(source, "source"), languageName(target, "target")];
      const [first, second] = [languageName(source, "Source"), languageName(target, "Target")];
      if (kind === "encoder") return { source, target: source, sourceLabel: first + ", the words that are looked at", targetLabel: first + ", the words that look",
        caption: "How much each " + from + " word looked at each word of its own sentence" };
      if (kind === "decoder") return { source: target, target, sourceLabel: second + ", the words read so far", targetLabel: second + ", as the model writes it",
        caption: "How much the model looked at each word so far when it wrote each " + to + " word" };
      return { source, target, sourceLabel: first + ", as the model reads it", targetLabel: second + ", as the model writes it",
        caption: "How much each " + to + " word looked at each " + from + " word" };
    },
  };

  Object.assign(methods, parts);
})();
