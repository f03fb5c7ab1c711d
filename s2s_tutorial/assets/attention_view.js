// The interactive attention view: two rows of words, and how much each target word looked at each source word.
// Plain script, no library, no request. Words reach the page as text only, never as HTML.
(function () {
  "use strict";

  function element(tag, className, text) {
    var made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function percent(weight) {
    return Math.round(100 * weight) + "%";
  }

  // One row of words. A word is a button; its bar shows the share of attention.
  function wordRow(words, label, language, special) {
    var row = element("div", "s2s-row");
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", label);
    row.appendChild(element("span", "s2s-label", label));
    var line = element("div", "s2s-words");
    row.appendChild(line);
    var buttons = words.map(function (word, place) {
      var button = element("button", "s2s-word" + (special[place] ? " s2s-" + special[place] : ""));
      button.type = "button";
      button.tabIndex = place === 0 ? 0 : -1;
      var text = element("span", "s2s-text", word);
      if (word !== "<eos>") text.lang = language;
      button.appendChild(text);
      button.appendChild(element("span", "s2s-bar"));
      button.appendChild(element("span", "s2s-share", "\u00a0"));
      line.appendChild(button);
      return button;
    });
    return { row: row, buttons: buttons };
  }

  function table(data) {
    var details = element("details", "s2s-table");
    details.appendChild(element("summary", "", "The same numbers as a table"));
    var scroll = element("div", "s2s-scroll");
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", "Attention weights as a table");
    var made = element("table");
    made.appendChild(element("caption", "", "Share of attention: a row for each target word, a column for each source word"));
    var head = element("tr");
    head.appendChild(element("td"));
    data.source.forEach(function (word) {
      var cell = element("th", "", word);
      cell.scope = "col";
      cell.lang = word === "<eos>" ? "en" : data.sourceLanguage;
      head.appendChild(cell);
    });
    made.appendChild(element("thead")).appendChild(head);
    var body = made.appendChild(element("tbody"));
    data.weights.forEach(function (weights, t) {
      var row = body.appendChild(element("tr"));
      var name = row.appendChild(element("th", "", data.target[t]));
      name.scope = "row";
      name.lang = data.target[t] === "<eos>" ? "en" : data.targetLanguage;
      weights.forEach(function (weight) {
        var cell = row.appendChild(element("td", "", percent(weight)));
        cell.style.background = "color-mix(in srgb, var(--s2s-ink) " + Math.round(35 * weight) + "%, transparent)";
      });
    });
    scroll.appendChild(made);
    var hint = element("p", "s2s-sideways", "Scroll sideways to see all of the table.");
    var look = function () { hint.hidden = scroll.scrollWidth <= scroll.clientWidth + 1; };
    look();
    if (window.ResizeObserver) new ResizeObserver(look).observe(scroll); else details.addEventListener("toggle", look);
    details.appendChild(hint);
    details.appendChild(scroll);
    return details;
  }

  // Draws `data` into `host`; `data.pinned`, where it is given, is a source place to mark. A click on a word dispatches "s2s-choose" with its side and place. What is given back moves
  // the view from outside: step(n) shows the first n target words, choose(side, place) lights a word.
  function mount(host, data) {
    host.textContent = "";
    host.setAttribute("data-ready", "yes");
    if (!data.target.length) return null;
    var unknown = data.source.map(function (word, place) {
      return place === data.pinned ? "pinned" : data.unknown.indexOf(word) >= 0 ? "unknown" : "";
    });
    var copied = data.target.map(function (word, t) { return data.copied.indexOf(t) >= 0 ? "copied" : ""; });
    var stage = element("div", "s2s-stage");
    var lines = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    lines.setAttribute("class", "s2s-lines");
    lines.setAttribute("aria-hidden", "true");
    var source = wordRow(data.source, data.sourceLabel, data.sourceLanguage, unknown);
    var target = wordRow(data.target, data.targetLabel, data.targetLanguage, copied);
    stage.appendChild(lines);
    stage.appendChild(source.row);
    stage.appendChild(target.row);

    var control = element("label", "s2s-steps");
    control.appendChild(element("span", "", "Words said"));
    var slider = element("input");
    slider.type = "range";
    slider.min = 1;
    slider.max = data.target.length;
    slider.value = data.target.length;
    slider.setAttribute("aria-label", "Decoding step");
    control.appendChild(slider);
    var count = control.appendChild(element("span"));
    var said = element("p", "s2s-said");
    said.setAttribute("aria-live", "polite");

    var active = { side: "target", place: 0 };

    function weightsOf(side, place) {
      return side === "target" ? data.weights[place] : data.weights.map(function (row) { return row[place]; });
    }

    function centre(button, edge) {
      var box = button.getBoundingClientRect(), frame = stage.getBoundingClientRect();
      return [box.left + box.width / 2 - frame.left, (edge === "top" ? box.top : box.bottom) - frame.top];
    }

    function draw() {
      var step = Number(slider.value);
      count.textContent = step + " of " + slider.max;
      var from = active.side === "target" ? target : source, to = active.side === "target" ? source : target;
      var weights = weightsOf(active.side, active.place);
      while (lines.firstChild) lines.removeChild(lines.firstChild);
      target.buttons.forEach(function (button, t) {
        button.classList.toggle("s2s-later", t >= step);
        // The word is hidden until then, so the button needs another name.
        if (t >= step) button.setAttribute("aria-label", "not written yet");
        else button.removeAttribute("aria-label");
      });
      [source, target].forEach(function (row) {
        row.buttons.forEach(function (button, place) {
          var lit = row === to && !(row === target && place >= step);
          button.classList.toggle("s2s-active", row === from && place === active.place);
          button.children[1].style.transform = "scaleX(" + (lit ? weights[place] : 0) + ")";
          button.children[2].textContent = lit && weights[place] >= 0.005 ? percent(weights[place]) : "\u00a0";
        });
      });
      var start = centre(from.buttons[active.place], from === target ? "top" : "bottom");
      to.buttons.forEach(function (button, place) {
        if (weights[place] < 0.02 || (to === target && place >= step)) return;
        var end = centre(button, to === target ? "top" : "bottom");
        var line = document.createElementNS("http://www.w3.org/2000/svg", "line");
        line.setAttribute("x1", start[0]); line.setAttribute("y1", start[1]);
        line.setAttribute("x2", end[0]); line.setAttribute("y2", end[1]);
        line.setAttribute("stroke-width", 1 + 5 * weights[place]);
        line.setAttribute("stroke-opacity", 0.25 + 0.75 * weights[place]);
        lines.appendChild(line);
      });
      var order = weights.map(function (weight, place) { return place; }).filter(function (place) {
        return !(to === target && place >= step);
      }).sort(function (a, b) { return weights[b] - weights[a]; }).slice(0, 3).filter(function (place) { return weights[place] >= 0.02; });
      var words = to === source ? data.source : data.target;
      var name = (from === source ? data.source : data.target)[active.place];
      said.textContent = (from === target ? "“" + name + "” looks at " : "“" + name + "” is looked at by ") +
        (order.map(function (place) { return "“" + words[place] + "” (" + percent(weights[place]) + ")"; }).join(", ") || "nothing much") + ".";
    }

    function choose(side, place, focus) {
      active = { side: side, place: place };
      if (side === "target" && place >= Number(slider.value)) slider.value = place + 1;
      [source, target].forEach(function (row) {
        row.buttons.forEach(function (button, number) {
          if ((row === source) === (side === "source")) button.tabIndex = number === place ? 0 : -1;
        });
      });
      if (focus) (side === "source" ? source : target).buttons[place].focus();
      draw();
    }

    [["source", source], ["target", target]].forEach(function (pair) {
      pair[1].buttons.forEach(function (button, place) {
        button.addEventListener("mouseenter", function () { choose(pair[0], place); });
        button.addEventListener("focus", function () { choose(pair[0], place); });
        button.addEventListener("click", function () {
          choose(pair[0], place);
          host.dispatchEvent(new CustomEvent("s2s-choose", { detail: { side: pair[0], place: place } }));
        });
        button.addEventListener("keydown", function (event) {
          var last = pair[1].buttons.length - 1;
          var next = { ArrowRight: Math.min(place + 1, last), ArrowLeft: Math.max(place - 1, 0), Home: 0, End: last }[event.key];
          if (next !== undefined) { event.preventDefault(); choose(pair[0], next, true); }
          if (event.key === "ArrowDown" && pair[0] === "source") { event.preventDefault(); choose("target", Math.min(place, target.buttons.length - 1), true); }
          if (event.key === "ArrowUp" && pair[0] === "target") { event.preventDefault(); choose("source", Math.min(place, source.buttons.length - 1), true); }
        });
      });
    });
    slider.addEventListener("input", function () { choose("target", Number(slider.value) - 1); });

    host.appendChild(stage);
    host.appendChild(control);
    host.appendChild(said);
    host.appendChild(table(data));
    if (window.ResizeObserver) new ResizeObserver(draw).observe(stage); else window.addEventListener("resize", draw);
    draw();
    return {
      step: function (count) { slider.value = count; choose("target", count - 1); },
      choose: function (side, place) { choose(side, place); },
    };
  }

  window.s2sAttentionView = { mount: mount };
  Array.prototype.forEach.call(document.querySelectorAll(".s2s-view:not([data-ready])"), function (host) {
    var data = host.querySelector("script[type='application/json']");
    if (data) mount(host, JSON.parse(data.textContent));
  });
})();
