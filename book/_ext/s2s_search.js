// How the site's search ranks and shows what it finds. Sphinx puts this into language_data.js, after its searchtools.js.
var Scorer = {
  title: 15, // a word in a heading
  partialTitle: 7,
  objNameMatch: 11, // a name in the package
  objPartialMatch: 6,
  objPrio: {},
  objPrioDefault: 0,
  term: 5, // a word in the text
  partialTerm: 2,
  // Whole headings and terms of the glossary first, then chapters, in the order of the book.
  score: ([page, title, , , score]) => {
    if (title.includes(" > ")) return 4 * score + (page.endsWith("glossary") ? 1 : 0);
    const chapter = page.match(/^notebooks\/(\d+)_/);
    return chapter ? score + 1 - chapter[1] / 100 : score;
  },
};

// The glossary's terms (s2s_search.py) count as headings. Entries of the printed index would list the same places again.
const setIndex = Search.setIndex;
Search.setIndex = (index) => {
  for (const [term, places] of Object.entries(index.glossary)) {
    index.alltitles[term] = [...(index.alltitles[term] ?? []), ...places];
  }
  index.indexentries = {};
  setIndex(index);
};

// Results come with the best one last. Of several for one place, as for a term and its synonym, the best is kept.
const performSearch = Search._performSearch;
Search._performSearch = (...query) => {
  const places = new Set();
  const isNew = ([page, , anchor]) => !places.has(page + anchor) && places.add(page + anchor);
  return performSearch(...query).reverse().filter(isNew).reverse();
};

// Below a result stands the prose of its place: of a term, its definition; of a page, its article.
Search.htmlToText = (html, anchor) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  page.querySelectorAll(".headerlink, .s2s-time, .cell_input, script, style").forEach((part) => part.remove());
  let place = anchor ? page.getElementById(anchor.slice(1)) : page.querySelector(".bd-article");
  if (place?.tagName === "DT") place = page.querySelector(`#${CSS.escape(place.id)} ~ dd`);
  return (place ?? page.body).textContent.replace(/\\[()]/g, ""); // formulas are LaTeX between \( and \)
};
