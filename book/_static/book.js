// What the theme leaves out for readers who use a keyboard or a screen reader.
document.addEventListener("DOMContentLoaded", function () {
  var logo = document.querySelector(".bd-sidebar-primary .navbar-brand");
  if (logo) {
    logo.parentElement.setAttribute("role", "navigation");
    logo.parentElement.setAttribute("aria-label", "Home");
  }
  // On a phone a wide picture scrolls in its box: made narrow, its labels could not be read.
  document.querySelectorAll(".bd-article figure > img").forEach(function (img) {
    function widen() {
      if (innerWidth > 600 || img.naturalWidth < 700) return;
      img.parentElement.classList.add("s2s-wide");
      img.parentElement.tabIndex = 0;
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
  // A name breaks after a mark inside it, not in the middle of a word.
  document.querySelectorAll(".bd-article :not(pre) > code").forEach(function (code) {
    (code.querySelectorAll(".pre").length ? code.querySelectorAll(".pre") : [code]).forEach(function (name) {
      if (name.children.length) return;
      if (name.textContent[0] === "-") name.style.whiteSpace = "nowrap";  // an option stays whole
      name.textContent.split(/(?<=\w[_.\/:|])(?=\w)/).forEach(function (part, place) {
        if (!place) name.textContent = "";
        else name.append(document.createElement("wbr"));
        name.append(part);
      });
    });
  });
  // A corner without words heads nothing.
  document.querySelectorAll(".bd-article th").forEach(function (cell) {
    if (!cell.textContent.trim()) cell.replaceWith(document.createElement("td"));
  });
});
