// The ranking and display of the site's search results. Sphinx puts this into language_data.js, after its searchtools.js.
var Scorer = {
  title: 15, // a word in a heading
  partialTitle: 7,
  objNameMatch: 11, // a name in the package
  objPartialMatch: 6,
  objPrio: {},
  objPrioDefault: 0,
  term: 5, // a word in the text
  partialTerm: 2,
  /**
   * Rank whole headings and terms of the glossary first, then chapters, in the order of the book.
   * @type {(result: SearchResult) => number}
   */
  score: ([page, title, , , score]) => {
    if (title.includes(" > ")) return 4 * score + (page.endsWith("glossary") ? 1 : 0);
    const chapter = page.match(/^notebooks\/(\d+)_/);
    return chapter ? score + 1 - Number(chapter[1]) / 100 : score;
  },
};

// Treat the glossary's terms (s2s_search.py) as headings. Entries of the printed index would list the same pages again.
const setIndex = Search.setIndex;
Search.setIndex = (index) => {
  for (const [term, anchors] of Object.entries(index.glossary)) {
    index.alltitles[term] = [...(index.alltitles[term] ?? []), ...anchors];
  }
  index.indexentries = {};
  setIndex(index);
};

// Keep only the best of several results for one section, as for a term and its synonym. The best result comes last.
const performSearch = Search._performSearch;
Search._performSearch = (...query) => {
  const sections = new Set();
  /** @type {(result: SearchResult) => boolean} */
  const isNew = ([page, , anchor]) => {
    const { size } = sections;
    return sections.add(page + anchor).size > size;
  };
  return performSearch(...query).reverse().filter(isNew).reverse();
};

// Show below a result the text that it leads to: the definition of a term, or the article of a page.
Search.htmlToText = (html, anchor) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  page.querySelectorAll(".headerlink, .s2s-time, .cell_input, script, style").forEach((part) => part.remove());
  let shown = anchor ? page.getElementById(anchor.slice(1)) : page.querySelector(".bd-article");
  if (shown?.tagName === "DT") shown = page.querySelector(`#${CSS.escape(shown.id)} ~ dd`);
  return (shown ?? page.body).textContent.replace(/\\[()]/g, ""); // formulas are LaTeX between \( and \)
};
