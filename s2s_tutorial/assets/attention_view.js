// The interactive attention view: a row of source words, a row of target words, and the attention weights between them.
// It is a classic script without a library or a request. Words reach the page as text only, never as HTML.
(function () {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const NO_BREAK_SPACE = "\u00a0"; // keeps the line of a share as high as when it has a number
  const FAINTEST = 0.02; // smaller weights have no line and are not named

  /**
   * Make an HTML element.
   * @template {keyof HTMLElementTagNameMap} Tag
   * @param {Tag} tag
   * @param {string} [className]
   * @param {string} [text]
   * @returns {HTMLElementTagNameMap[Tag]}
   */
  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  /** @type {(weight: number) => string} */
  const percent = (weight) => Math.round(100 * weight) + "%";

  /** @type {(word: string) => string} */
  const quoted = (word) => "“" + word + "”";

  /**
   * Language of a word; the end mark is named in English.
   * @param {string} word
   * @param {string} language
   */
  const languageOf = (word, language) => (word === "<eos>" ? "en" : language);

  /**
   * Make one row of words. Each word is a button with a bar for its share of attention.
   * @param {string[]} words
   * @param {string} label
   * @param {string} language
   * @param {string[]} marks Class of each word ("unknown", "copied", "pinned"), or "".
   * @returns {AttentionRow}
   */
  function wordRow(words, label, language, marks) {
    const row = element("div", "s2s-row"), line = element("div", "s2s-words");
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", label);
    row.append(element("span", "s2s-label", label), line);
    const bars = words.map(() => element("span", "s2s-bar"));
    const shares = words.map(() => element("span", "s2s-share", NO_BREAK_SPACE));
    const buttons = words.map((word, position) => {
      const button = element("button", "s2s-word" + (marks[position] ? " s2s-" + marks[position] : ""));
      button.type = "button";
      button.tabIndex = position === 0 ? 0 : -1;
      const text = element("span", "s2s-text", word);
      if (word !== "<eos>") text.lang = language;
      button.append(text, bars[position], shares[position]);
      return button;
    });
    line.append(...buttons);
    return { row, words, buttons, bars, shares };
  }

  /**
   * Make a heading of the table.
   * @param {string} word
   * @param {string} language
   * @param {"col" | "row"} scope
   */
  function heading(word, language, scope) {
    const cell = element("th", "", word);
    cell.scope = scope;
    cell.lang = languageOf(word, language);
    return cell;
  }

  /**
   * Make the table of all weights: a row for each target word, a column for each source word.
   * @param {AttentionData} data
   */
  function weightTable(data) {
    const table = element("table"), head = element("tr"), body = element("tbody");
    table.append(element("caption", "", "Share of attention: a row for each target word, a column for each source word"));
    head.append(element("td"), ...data.source.map((word) => heading(word, data.sourceLanguage, "col")));
    const top = element("thead");
    top.append(head);
    data.weights.forEach((weights, step) => {
      const row = element("tr");
      row.append(heading(data.target[step], data.targetLanguage, "row"), ...weights.map((weight) => {
        const cell = element("td", "", percent(weight));
        cell.style.background = "color-mix(in srgb, var(--s2s-ink) " + Math.round(35 * weight) + "%, transparent)";
        return cell;
      }));
      body.append(row);
    });
    table.append(top, body);
    return table;
  }

  /**
   * Make the part that unfolds to the table.
   * @param {AttentionData} data
   */
  function tableDetails(data) {
    const details = element("details", "s2s-table"), scroll = element("div", "s2s-scroll");
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", "Attention weights as a table");
    scroll.append(weightTable(data));
    const hint = element("p", "s2s-sideways", "Scroll sideways to see all of the table.");
    const updateHint = () => { hint.hidden = scroll.scrollWidth <= scroll.clientWidth + 1; };
    updateHint();
    if (window.ResizeObserver) new ResizeObserver(updateHint).observe(scroll);
    else details.addEventListener("toggle", updateHint);
    details.append(element("summary", "", "The same numbers as a table"), hint, scroll);
    return details;
  }

  /** One attention view in its element. */
  class View {
    /**
     * Draw the view.
     * @param {HTMLElement} host
     * @param {AttentionData} data
     */
    constructor(host, data) {
      this.host = host;
      this.data = data;
      /** @type {{ side: AttentionSide, position: number }} */
      this.active = { side: "target", position: 0 };
      const unknown = data.source.map((word, position) =>
        (position === data.pinned ? "pinned" : data.unknown.includes(word) ? "unknown" : ""));
      const copied = data.target.map((_, step) => (data.copied.includes(step) ? "copied" : ""));
      this.source = wordRow(data.source, data.sourceLabel, data.sourceLanguage, unknown);
      this.target = wordRow(data.target, data.targetLabel, data.targetLanguage, copied);
      this.lines = document.createElementNS(SVG, "svg");
      this.lines.setAttribute("class", "s2s-lines");
      this.lines.setAttribute("aria-hidden", "true");
      this.stage = element("div", "s2s-stage");
      this.stage.append(this.lines, this.source.row, this.target.row);
      this.slider = element("input");
      this.count = element("span");
      this.summary = element("p", "s2s-summary");
      this.summary.setAttribute("aria-live", "polite");
      host.append(this.stage, this.stepControl(), this.summary, tableDetails(data));
      this.listen("source");
      this.listen("target");
      if (window.ResizeObserver) new ResizeObserver(() => this.draw()).observe(this.stage);
      else window.addEventListener("resize", () => this.draw());
      this.draw();
    }

    /** Make the slider that chooses how many target words are shown. */
    stepControl() {
      const { slider } = this, control = element("label", "s2s-steps");
      slider.type = "range";
      slider.min = "1";
      slider.max = String(this.data.target.length);
      slider.value = slider.max;
      slider.setAttribute("aria-label", "Decoding step");
      slider.addEventListener("input", () => this.choose("target", Number(slider.value) - 1));
      control.append(element("span", "", "Words written"), slider, this.count);
      return control;
    }

    /** Number of target words that are shown. */
    get step() {
      return Number(this.slider.value);
    }

    /**
     * Let mouse, keyboard and clicks choose the words of one row.
     * @param {AttentionSide} side
     */
    listen(side) {
      this[side].buttons.forEach((button, position) => {
        button.addEventListener("mouseenter", () => this.choose(side, position));
        button.addEventListener("focus", () => this.choose(side, position));
        button.addEventListener("click", () => {
          this.choose(side, position);
          this.host.dispatchEvent(new CustomEvent("s2s-choose", { detail: { side, place: position } }));
        });
        button.addEventListener("keydown", (event) => this.moveByKey(event, side, position));
      });
    }

    /**
     * Move the focus within a row, or to the other row.
     * @param {KeyboardEvent} event
     * @param {AttentionSide} side
     * @param {number} position
     */
    moveByKey(event, side, position) {
      const last = this[side].buttons.length - 1, other = side === "source" ? "target" : "source";
      /** @type {Record<string, number>} */
      const moves = { ArrowRight: Math.min(position + 1, last), ArrowLeft: Math.max(position - 1, 0), Home: 0, End: last };
      const across = event.key === (side === "source" ? "ArrowDown" : "ArrowUp");
      if (!across && moves[event.key] === undefined) return;
      event.preventDefault();
      if (across) this.choose(other, Math.min(position, this[other].buttons.length - 1), true);
      else this.choose(side, moves[event.key], true);
    }

    /**
     * Show the weights of one word.
     * @param {AttentionSide} side
     * @param {number} position
     * @param {boolean} [focus] Whether the word gets the keyboard focus.
     */
    choose(side, position, focus) {
      this.active = { side, position };
      if (side === "target" && position >= this.step) this.slider.value = String(position + 1);
      this[side].buttons.forEach((button, n) => { button.tabIndex = n === position ? 0 : -1; });
      if (focus) this[side].buttons[position].focus();
      this.draw();
    }

    /** Draw the chosen word's weights: bars, lines, and one sentence. */
    draw() {
      const { side, position } = this.active, [from, to] = side === "target" ? [this.target, this.source] : [this.source, this.target];
      const weights = side === "target" ? this.data.weights[position] : this.data.weights.map((row) => row[position]);
      this.count.textContent = this.step + " of " + this.slider.max;
      this.hideLaterWords();
      /** @type {(row: AttentionRow, n: number) => boolean} */
      const isLater = (row, n) => row === this.target && n >= this.step;
      for (const row of [this.source, this.target]) {
        row.buttons.forEach((button, n) => {
          const isLit = row === to && !isLater(row, n);
          button.classList.toggle("s2s-active", row === from && n === position);
          row.bars[n].style.transform = "scaleX(" + (isLit ? weights[n] : 0) + ")";
          row.shares[n].textContent = isLit && weights[n] >= 0.005 ? percent(weights[n]) : NO_BREAK_SPACE;
        });
      }
      const linked = [...weights.keys()].filter((n) => weights[n] >= FAINTEST && !isLater(to, n));
      this.drawLines(from.buttons[position], linked.map((n) => ({ button: to.buttons[n], weight: weights[n] })));
      const most = linked.sort((a, b) => weights[b] - weights[a]).slice(0, 3);
      const named = most.map((n) => quoted(to.words[n]) + " (" + percent(weights[n]) + ")").join(", ") || "nothing much";
      this.summary.textContent = quoted(from.words[position]) + (side === "target" ? " looks at " : " is looked at by ") + named + ".";
    }

    /** Hide the target words after the slider's step. A hidden word would name its button, so the button gets another name. */
    hideLaterWords() {
      this.target.buttons.forEach((button, n) => {
        button.classList.toggle("s2s-later", n >= this.step);
        if (n >= this.step) button.setAttribute("aria-label", "not written yet");
        else button.removeAttribute("aria-label");
      });
    }

    /**
     * Draw a line from the chosen word to each word of the other row, thicker and darker for a larger weight.
     * @param {HTMLElement} chosen
     * @param {{ button: HTMLElement, weight: number }[]} others
     */
    drawLines(chosen, others) {
      const [start, edge] = this.way(chosen);
      this.lines.replaceChildren(...others.map(({ button, weight }) => {
        const line = document.createElementNS(SVG, "polyline"), [end, otherEdge] = this.way(button);
        const values = { points: [start, edge, otherEdge, end].join(" "), "stroke-width": 1 + 5 * weight, "stroke-opacity": 0.25 + 0.75 * weight };
        Object.entries(values).forEach(([name, value]) => line.setAttribute(name, String(value)));
        return line;
      }));
    }

    /**
     * Return two points, measured from the stage: the middle of the edge of a button that faces the other row, and the one
     * above or below it where its own row ends. If the words wrap, a line between them is behind the words of other lines.
     * @param {HTMLElement} button
     */
    way(button) {
      const isSource = this.source.buttons.includes(/** @type {HTMLButtonElement} */ (button)), edge = isSource ? "bottom" : "top";
      const box = button.getBoundingClientRect(), frame = this.stage.getBoundingClientRect(), x = box.left + box.width / 2 - frame.left;
      const row = (isSource ? this.source : this.target).buttons.map((one) => one.getBoundingClientRect()[edge]);
      return [box[edge], isSource ? Math.max(...row) : Math.min(...row)].map((y) => x + "," + (y - frame.top));
    }
  }

  /**
   * Draw a view into an element. A click on a word dispatches "s2s-choose" with its side and position.
   * @type {AttentionView["mount"]}
   */
  function mount(host, data) {
    host.textContent = "";
    host.setAttribute("data-ready", "yes");
    if (!data.target.length) return null;
    const view = new View(host, data);
    return {
      step: (count) => {
        view.slider.value = String(count);
        view.choose("target", count - 1);
      },
      choose: (side, position) => view.choose(side, position),
    };
  }

  window.s2sAttentionView = { mount };
  /** @type {NodeListOf<HTMLElement>} */
  const hosts = document.querySelectorAll(".s2s-view:not([data-ready])");
  hosts.forEach((host) => {
    const data = host.querySelector("script[type='application/json']");
    if (data) mount(host, JSON.parse(data.textContent));
  });
})();
