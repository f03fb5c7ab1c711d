// Changes to each page that the theme leaves out: for readers with a keyboard, a screen reader or a phone.
(function () {
  "use strict";

  /**
   * Return the page's HTML elements that match a selector.
   * @type {(selector: string) => HTMLElement[]}
   */
  const all = (selector) => Array.from(document.querySelectorAll(selector));

  /**
   * Return the box in which a figure's picture scrolls, with a hint above it.
   * @param {HTMLElement} figure
   * @returns {HTMLElement}
   */
  function scrollBox(figure) {
    /** @type {HTMLElement | null} */
    const made = figure.querySelector(".s2s-wide");
    if (made) return made;
    const hint = document.createElement("p"), frame = document.createElement("div"), box = document.createElement("div");
    hint.className = "s2s-sideways";
    hint.textContent = "Scroll sideways to see all of the picture.";
    frame.className = "s2s-frame";
    box.className = "s2s-wide";
    box.tabIndex = 0;
    frame.append(box);
    figure.prepend(hint, frame);
    box.addEventListener("scroll", () => shadeEdges(frame, box), { passive: true });
    return box;
  }

  /**
   * Shade the edges behind which more of a box can be scrolled into view.
   * @param {HTMLElement} frame
   * @param {HTMLElement} box
   */
  function shadeEdges(frame, box) {
    frame.classList.toggle("s2s-more-left", box.scrollLeft > 1);
    frame.classList.toggle("s2s-more-right", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
  }

  /**
   * Let a wide picture scroll on a phone, where its labels would otherwise be too small to read.
   * @param {HTMLImageElement} image
   */
  function widen(image) {
    const figure = image.parentElement;
    if (!figure || innerWidth > 600 || image.naturalWidth < 600) return;
    const box = scrollBox(figure), frame = box.parentElement;
    box.append(image);
    image.style.width = 0.69 * image.naturalWidth + "px"; // letters of ten points become ten pixels high
    if (frame) shadeEdges(frame, box);
  }

  /** Widen pictures as soon as each is loaded. */
  function widenPictures() {
    /** @type {NodeListOf<HTMLImageElement>} */
    const images = document.querySelectorAll(".bd-article figure > img");
    images.forEach((image) => {
      if (image.complete) widen(image);
      else image.addEventListener("load", () => widen(image));
    });
  }

  /** Name the landmarks and arrows of the sidebar, which have no text of their own. */
  function nameSidebar() {
    const home = document.querySelector(".bd-sidebar-primary .navbar-brand")?.parentElement;
    home?.setAttribute("role", "navigation");
    home?.setAttribute("aria-label", "Home");
    all(".bd-sidebar-primary .has-children > details > summary").forEach((arrow) => {
      const link = arrow.closest(".has-children")?.querySelector("a");
      arrow.setAttribute("aria-label", "Pages of " + (link?.textContent ?? "").trim());
    });
  }

  /** Let the keyboard reach boxes that scroll. */
  function focusScrollingBoxes() {
    all(".bd-article table, .bd-article pre, .bd-article div.math").forEach((box) => {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    });
  }

  /** Give each cell of a table that a phone shows as cards the heading of its column. */
  function labelCards() {
    document.querySelectorAll("table.s2s-cards").forEach((table) => {
      const headings = table.querySelectorAll("thead th");
      /** @type {NodeListOf<HTMLTableCellElement>} */
      const cells = table.querySelectorAll("tbody td");
      cells.forEach((cell) => {
        cell.dataset.label = headings[cell.cellIndex].textContent.trim();
        cell.classList.toggle("s2s-none", !cell.textContent.trim());
      });
    });
  }

  /**
   * Split a name so that lines may break after a mark inside it, and not in the middle of a word.
   * @param {string} text
   * @returns {(string | HTMLElement)[]}
   */
  function breakable(text) {
    return text.split(/(?<=\w[_.\/:|])(?=\w)/).flatMap((part, n) => (n ? [document.createElement("wbr"), part] : [part]));
  }

  /**
   * Set where lines may break in a piece of code; options and short names stay whole.
   * @param {HTMLElement} code
   */
  function breakCode(code) {
    /** @type {NodeListOf<HTMLElement>} */
    const parts = code.querySelectorAll(".pre");
    (parts.length ? Array.from(parts) : [code]).forEach((name) => {
      const text = name.textContent, isShort = text.length < (code.closest("table") ? 16 : 24);
      if (name.children.length) return;
      if (isShort || text[0] === "-") name.style.whiteSpace = "nowrap";
      else name.replaceChildren(...breakable(text));
    });
  }

  /** Set where lines may break in long names. */
  function breakNames() {
    all(".bd-article :not(pre) > code").forEach(breakCode);
    all(".bd-article :is(h1, h2, h3)").forEach((heading) => {
      const first = heading.firstChild;
      if (first instanceof Text) first.replaceWith(...breakable(first.data));
    });
  }

  /** Correct elements whose role or type does not fit. */
  function correctElements() {
    // The role that Sphinx gives to the entries of a bibliography is no longer in the standard.
    all(".citation-list > .citation").forEach((entry) => entry.setAttribute("role", "listitem"));
    // A download is saved as a file. If the page was opened from disk, browsers ignore this and show the file's text instead.
    all(".dropdown-download-buttons a").forEach((link) => link.setAttribute("download", ""));
    // An empty corner of a table is not a heading.
    all(".bd-article th").forEach((cell) => {
      if (!cell.textContent.trim()) cell.replaceWith(document.createElement("td"));
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    nameSidebar();
    widenPictures();
    focusScrollingBoxes();
    labelCards();
    breakNames();
    correctElements();
  });
})();
