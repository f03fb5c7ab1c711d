// Drawings that are shown step by step (book/_ext/s2s_steps.py): a slider chooses how much of the drawing is visible.
(function () {
  "use strict";

  /**
   * Let the slider of a drawing choose the step.
   * @param {HTMLElement} drawing
   */
  function move(drawing) {
    const slider = drawing.querySelector("input");
    const sentence = drawing.querySelector(".s2s-step"), count = drawing.querySelector(".s2s-at");
    if (!slider || !sentence || !count) throw new Error("The drawing has no slider.");
    const told = Array.from(drawing.querySelectorAll("li"));
    const parts = Array.from(drawing.querySelectorAll("[data-step]"));

    const show = () => {
      const at = Number(slider.value);
      for (const part of parts) {
        const step = Number(part.getAttribute("data-step"));
        part.classList.toggle("s2s-later", step > at);
      }
      sentence.replaceChildren(...told[at - 1].cloneNode(true).childNodes);
      count.textContent = "Step " + at + " of " + told.length;
      slider.setAttribute("aria-valuetext", count.textContent);
    };

    slider.addEventListener("input", show);
    drawing.querySelectorAll(".s2s-slider, .s2s-step").forEach((part) => part.removeAttribute("hidden"));
    show();
  }

  /** @type {NodeListOf<HTMLElement>} */
  const drawings = document.querySelectorAll(".s2s-moving");
  drawings.forEach(move);
})();
