// The story of one translation (book/_ext/s2s_story.py): the page contains the picture and a list of all steps in words, and
// this script shows one step at a time. story.css decides which parts of the picture are visible in each step.
(function () {
  "use strict";

  /**
   * Return an element of the story, which s2s_story.py has written.
   * @param {Element} story
   * @param {string} selector
   * @returns {HTMLElement}
   */
  function find(story, selector) {
    const found = story.querySelector(selector);
    if (!(found instanceof HTMLElement)) throw new Error("The story has no " + selector + ".");
    return found;
  }

  /** The steps of one story, its buttons and its timer. */
  class Story {
    /** @param {HTMLElement} story */
    constructor(story) {
      this.story = story;
      /** @type {HTMLElement[]} */
      this.steps = Array.from(story.querySelectorAll(".s2s-steps > li"));
      this.words = Array.from(story.querySelectorAll(".s2s-target"));
      this.play = find(story, ".s2s-play");
      this.caption = find(story, ".s2s-caption");
      this.count = find(story, ".s2s-count");
      this.last = this.steps.length - 1;
      this.at = this.last;
      /** @type {number | null} Timer of the next step; null while the story does not play. */
      this.timer = null;
      this.listen();
      this.show(this.last);
      /** @type {NodeListOf<HTMLElement>} */
      const hidden = story.querySelectorAll(".s2s-panel > [hidden]");
      hidden.forEach((part) => { part.hidden = false; });
    }

    /** Let the buttons and the arrow keys choose the step. */
    listen() {
      const { story } = this;
      this.play.addEventListener("click", () => (this.timer === null ? this.start() : this.stop()));
      find(story, ".s2s-back").addEventListener("click", () => this.go(this.at - 1));
      find(story, ".s2s-next").addEventListener("click", () => this.go(this.at + 1));
      find(story, ".s2s-all").addEventListener("click", () => this.go(this.last));
      find(story, ".s2s-controls").addEventListener("keydown", ({ key }) => {
        if (key === "ArrowLeft") this.go(this.at - 1);
        if (key === "ArrowRight") this.go(this.at + 1);
      });
    }

    /**
     * Show one step; after the last comes the first.
     * @param {number} number
     */
    show(number) {
      this.at = (number + this.steps.length) % this.steps.length;
      const step = this.steps[this.at], word = Number(step.dataset.word);
      this.story.dataset.phase = step.dataset.phase;
      this.words.forEach((one, n) => {
        one.classList.toggle("s2s-past", n < word);
        one.classList.toggle("s2s-now", n === word);
      });
      this.caption.replaceChildren(...step.cloneNode(true).childNodes);
      this.count.textContent = this.at === this.last ? "" : "Step " + (this.at + 1) + " of " + this.last;
    }

    /** Play from this step, or from the first if the whole picture is shown. */
    start() {
      this.play.textContent = "Pause";
      this.story.classList.add("s2s-playing");
      if (this.at === this.last) this.show(0);
      this.wait();
    }

    /** Stop playing. */
    stop() {
      clearTimeout(this.timer ?? undefined);
      this.timer = null;
      this.play.textContent = "Play";
      this.story.classList.remove("s2s-playing");
    }

    /** Show the next step after the time that it takes to read this one. */
    wait() {
      this.timer = setTimeout(() => {
        this.show(this.at + 1);
        if (this.at === this.last) this.stop();
        else this.wait();
      }, 600 + 30 * this.caption.textContent.length);
    }

    /**
     * Stop playing and show one step.
     * @param {number} number
     */
    go(number) {
      this.stop();
      this.show(number);
    }
  }

  /** @type {NodeListOf<HTMLElement>} */
  const stories = document.querySelectorAll(".s2s-story");
  stories.forEach((story) => new Story(story));
})();
