// What the theme leaves out for readers who use a keyboard or a screen reader.
document.addEventListener("DOMContentLoaded", function () {
  var logo = document.querySelector(".bd-sidebar-primary .navbar-brand");
  if (logo) {
    logo.parentElement.setAttribute("role", "navigation");
    logo.parentElement.setAttribute("aria-label", "Home");
  }
  // On a phone a wide picture scrolls in its box: made narrow, its labels could not be read. The box says that it scrolls.
  function scroller(figure) {
    var box = figure.querySelector(".s2s-wide");
    if (box) return box;
    var hint = document.createElement("p"), frame = document.createElement("div");
    hint.className = "s2s-sideways";
    hint.textContent = "Scroll sideways to see all of the picture.";
    frame.className = "s2s-frame";
    box = document.createElement("div");
    box.className = "s2s-wide";
    box.tabIndex = 0;
    frame.append(box);
    figure.prepend(hint, frame);
    box.addEventListener("scroll", function () { shade(frame, box); }, { passive: true });
    return box;
  }
  function shade(frame, box) {
    frame.classList.toggle("s2s-more-left", box.scrollLeft > 1);
    frame.classList.toggle("s2s-more-right", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
  }
  document.querySelectorAll(".bd-article figure > img").forEach(function (img) {
    function widen() {
      if (innerWidth > 600 || img.naturalWidth < 600) return;
      var box = scroller(img.parentElement);
      box.append(img);
      img.style.width = 0.69 * img.naturalWidth + "px";  // letters of ten points are ten pixels high
      shade(box.parentElement, box);
    }
    if (img.complete) widen();
    else img.addEventListener("load", widen);
  });
  // The arrow that opens a list of pages has no words of its own.
  document.querySelectorAll(".bd-sidebar-primary .has-children > details > summary").forEach(function (arrow) {
    arrow.setAttribute("aria-label", "Pages of " + arrow.closest(".has-children").querySelector("a").textContent.trim());
  });
  // Boxes that scroll must be reached by keyboard.
  document.querySelectorAll(".bd-article table, .bd-article pre, .bd-article div.math").forEach(function (box) {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
  });
  // A list's entries are list items; the role that Sphinx gives them has been withdrawn from the standard.
  document.querySelectorAll(".citation-list > .citation").forEach(function (entry) { entry.setAttribute("role", "listitem"); });
  // On a phone a row may be a card: its cells know their headings.
  document.querySelectorAll("table.s2s-cards").forEach(function (table) {
    table.querySelectorAll("tbody td").forEach(function (cell) {
      cell.dataset.label = table.querySelectorAll("thead th")[cell.cellIndex].textContent.trim();
      cell.classList.toggle("s2s-none", !cell.textContent.trim());
    });
  });
  // A name breaks after a mark inside it, not in the middle of a word. Options and short names stay whole.
  function breakable(text) {
    return text.split(/(?<=\w[_.\/:|])(?=\w)/).flatMap(function (part, place) {
      return place ? [document.createElement("wbr"), part] : [part];
    });
  }
  document.querySelectorAll(".bd-article :not(pre) > code").forEach(function (code) {
    (code.querySelectorAll(".pre").length ? code.querySelectorAll(".pre") : [code]).forEach(function (name) {
      var text = name.textContent, short = text.length < (code.closest("table") ? 16 : 24);
      if (name.children.length) return;
      if (short || text[0] === "-") name.style.whiteSpace = "nowrap";
      else name.replaceChildren.apply(name, breakable(text));
    });
  });
  document.querySelectorAll(".bd-article :is(h1, h2, h3)").forEach(function (heading) {
    if (heading.firstChild.nodeType === Node.TEXT_NODE) heading.firstChild.replaceWith.apply(heading.firstChild, breakable(heading.firstChild.data));
  });
  // A download becomes a file. Opened from disk, a browser ignores this and shows the file as text, in another tab.
  document.querySelectorAll(".dropdown-download-buttons a").forEach(function (link) { link.download = ""; });
  // A corner without words heads nothing.
  document.querySelectorAll(".bd-article th").forEach(function (cell) {
    if (!cell.textContent.trim()) cell.replaceWith(document.createElement("td"));
  });
});
