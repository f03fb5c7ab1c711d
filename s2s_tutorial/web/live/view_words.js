// What the attention view shows: the chosen sentence of a text, as the pieces that the model reads, or joined to words.
(function () {
  "use strict";

  const { methods, make, offer, shorten } = self.s2sPanel;

  /**
   * Return the start and end of each word among tokens, and after them each further position (the end mark) by itself.
   * @param {number[]} starts Positions at which words begin.
   * @param {number} count Number of tokens.
   * @param {number} size Number of positions.
   * @returns {[number, number][]}
   */
  function groups(starts, count, size) {
    const ends = [...starts.slice(1), count].slice(0, starts.length);
    /** @type {[number, number][]} */
    const found = starts.map((start, n) => [start, ends[n]]);
    for (let position = count; position < size; position++) found.push([position, position + 1]);
    return found;
  }

  /**
   * Join weights between pieces to weights between words: a word looks where its pieces look on average, and at all pieces of
   * a word together.
   * @param {number[][]} weights (T, S).
   * @param {[number, number][]} rows Target words.
   * @param {[number, number][]} columns Source words.
   */
  function joinWeights(weights, rows, columns) {
    return rows.map(([top, bottom]) => columns.map(([left, right]) =>
      weights.slice(top, bottom).reduce((sum, row) => sum + row.slice(left, right).reduce((a, b) => a + b, 0), 0) / (bottom - top)));
  }

  /**
   * Return the spans of the words that the decoder has read when it writes each word: the start mark, then all words but the last.
   * @param {[number, number][]} spans
   * @returns {[number, number][]}
   */
  function afterStart(spans) {
    /** @type {[number, number][]} */
    const moved = spans.slice(0, -1).map(([start, end]) => [start + 1, end + 1]);
    return spans.length ? [[0, 1], ...moved] : [];
  }

  /** @type {(spans: [number, number][], position: number) => number} */
  const holding = (spans, position) => Math.max(spans.findIndex(([start, end]) => start <= position && position < end), 0);

  /** @type {PanelMethods} */
  const parts = {
    // Make the controls above the view: the sentence it is about, and whether pieces are joined.
    viewSwitches() {
      const [field, select] = this.select("sentence", "Look closer at");
      const label = make("label", "s2s-join"), line = make("div", "s2s-switches", null, { hidden: "" });
      this.joinBox = make("input", "", null, { type: "checkbox" });
      label.append(this.joinBox, "Join pieces to words");
      line.append(field, label, this.headSwitches());
      Object.assign(this, { switches: line, partSelect: select });
      select.addEventListener("change", () => this.change({ part: Number(select.value), pin: null, prefix: [], chosen: null, beam: 0 }));
      this.joinBox.addEventListener("change", () => this.redraw());
      return line;
    },

    // Show the controls that fit the result.
    describeSwitches(best, found) {
      const { parts, part, hasPieces } = found, several = parts.length > 1, joins = hasPieces && best.weights !== null;
      const entries = parts.map((one, n) => [String(n), "sentence " + (n + 1) + ": " + shorten(one.source, 40)]);
      offer(this.partSelect, entries, String(part), false);
      /** @type {HTMLElement} */ (this.partSelect.parentElement).hidden = !several;
      /** @type {HTMLElement} */ (this.joinBox.parentElement).hidden = !joins;
      this.describeHeads(best, found);
      this.switches.hidden = !several && !joins && this.headLine.hidden;
    },

    // Return the words that the view shows, the weights between them, and which row and column hold a token.
    viewWords(best, found) {
      const joins = found.isMarked && (!found.hasPieces || this.joinBox.checked), { kind, weights } = this.weightsOf(best);
      const S = found.srcWords.length, T = best.words.length, each = (/** @type {number} */ count) => [...Array(count).keys()];
      const read = { words: (joins ? found.srcLabels : found.srcWords).concat("<eos>"), spans: groups(joins ? found.srcStarts : each(S), S, S + 1) };
      const written = { words: (joins ? best.labels : best.words).concat("<eos>"), spans: groups(joins ? best.starts : each(T), T, (best.weights || []).length) };
      const before = { words: ["<sos>", ...written.words], spans: afterStart(written.spans) };
      const top = kind === "decoder" ? before : read, bottom = kind === "encoder" ? read : written;
      const { spans: columns } = top, { spans: rows } = bottom;
      return {
        source: top.words.slice(0, columns.length), target: bottom.words.slice(0, rows.length),
        weights: joins ? joinWeights(weights, rows, columns) : weights,
        kind, rows, columns,
        rowOf: (position) => holding(rows, position),
        columnOf: (position) => holding(columns, position),
      };
    },

    // Draw the view again after the switch.
    redraw() {
      if (!this.shown || !this.found) return;
      const view = this.mountView(this.shown, this.found);
      view?.step(this.viewed.rows.length);
      view?.choose("target", this.viewed.rowOf(this.at));
      this.fillAttend(this.shown, this.found);
      this.writePaper(this.shown, this.found);
    },

    // Return the name of what the model reads: a word or a piece.
    unit() {
      return this.found?.hasPieces ? "piece" : "word";
    },

    // Return a token as it is named on the page: words without the marker, pieces as they are.
    tokenName(token) {
      return this.found?.isMarked && !this.found.hasPieces ? token.replace(/^▁(?=.)/, "") : token;
    },

    // Return the translations of all sentences, with the text between them.
    wholeTranslation(best, found) {
      const shown = found.parts.map((one, n) => (n === found.part ? best : one));
      return { shown, spaces: self.s2sSentences.between(found.spaces, shown) };
    },

    // Return the translation of the whole text.
    wholeText(best, found) {
      const { shown, spaces } = this.wholeTranslation(best, found);
      return spaces.map((space, n) => space + (shown[n]?.text ?? "")).join("");
    },
  };

  Object.assign(methods, parts);
})();
