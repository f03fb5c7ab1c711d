// The story of one translation (book/_ext/s2s_story.py): the page holds the picture and the list of all steps in words, and
// this shows one step at a time. Which parts of the picture a step shows is written in story.css.
document.querySelectorAll(".s2s-story").forEach(function (story) {
  "use strict";

  const steps = Array.from(story.querySelectorAll(".s2s-steps > li")), words = Array.from(story.querySelectorAll(".s2s-target"));
  const [play, back, next, all] = ["play", "back", "next", "all"].map((name) => story.querySelector(".s2s-" + name));
  const caption = story.querySelector(".s2s-caption"), count = story.querySelector(".s2s-count"), last = steps.length - 1;
  let at = last, timer = null;

  function show(place) {
    at = (place + steps.length) % steps.length;
    const { phase, word } = steps[at].dataset;
    story.dataset.phase = phase;
    words.forEach((one, n) => {
      one.classList.toggle("s2s-past", n < word);
      one.classList.toggle("s2s-now", n === Number(word));
    });
    caption.replaceChildren(...steps[at].cloneNode(true).childNodes);
    count.textContent = at === last ? "" : "Step " + (at + 1) + " of " + last;
  }

  function stop() {
    clearTimeout(timer);
    timer = null;
    play.textContent = "Play";
    story.classList.remove("s2s-playing");
  }

  // A step stays as long as its words take to read.
  function wait() {
    timer = setTimeout(() => {
      show(at + 1);
      if (at === last) stop();
      else wait();
    }, 600 + 30 * caption.textContent.length);
  }

  function start() {
    play.textContent = "Pause";
    story.classList.add("s2s-playing");
    if (at === last) show(0);
    wait();
  }

  function go(place) {
    stop();
    show(place);
  }

  play.addEventListener("click", () => (timer === null ? start() : stop()));
  back.addEventListener("click", () => go(at - 1));
  next.addEventListener("click", () => go(at + 1));
  all.addEventListener("click", () => go(last));
  story.querySelector(".s2s-controls").addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (way) go(at + way);
  });
  show(last);
  story.querySelectorAll(".s2s-panel > [hidden]").forEach((part) => { part.hidden = false; });
});
