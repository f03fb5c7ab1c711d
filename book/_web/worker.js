// The worker's loop: it answers the page's questions and pauses for newer ones.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  const SLICE = 40; // milliseconds of search before the worker looks for a newer message
  const { Translator, bytesOf } = scope.s2sSearch;
  /** @type {Map<string, Translator>} */
  const translators = new Map();
  let newest = 0; // id of the newest question about a sentence

  /**
   * Read a model.
   * @param {Ask & { type: "load" }} ask
   */
  function load(ask) {
    const translator = new Translator(bytesOf(ask.base64));
    translators.set(ask.model, translator);
    const { language, src_language: source } = translator.description;
    return { language, source: source === undefined ? (language === "fr" ? "en" : "fr") : source };
  }

  /**
   * Begin the search that a question is about.
   * @param {Exclude<Ask, { type: "load" }>} ask
   * @returns {Generator<void, unknown, void>}
   */
  function begin(ask) {
    const translator = translators.get(ask.model);
    if (!translator) throw new Error("The model " + ask.model + " is not loaded.");
    if (ask.type === "heads") return translator.watching(ask.sentence, ask.look, ask.ids, ask.options);
    return ask.type === "translate" ? translator.translating(ask.sentence, ask.options)
      : translator.translatingBeam(ask.sentence, ask.size, ask.options);
  }

  /**
   * Search, and stop when a newer sentence arrives, because only the newest result is shown.
   * @param {Exclude<Ask, { type: "load" }>} ask
   */
  async function search(ask) {
    newest = ask.id;
    const found = begin(ask);
    for (let pause = performance.now() + SLICE; ;) {
      const { done, value } = found.next();
      if (done) return value;
      if (performance.now() < pause) continue;
      await new Promise((resolve) => setTimeout(resolve));
      if (newest !== ask.id) throw new Error("Replaced by a newer sentence.");
      pause = performance.now() + SLICE;
    }
  }

  /** Answer each question with its id and either a result or an error. */
  function serve() {
    scope.onmessage = async (event) => {
      /** @type {Ask} */
      const ask = event.data;
      try {
        scope.postMessage({ id: ask.id, result: ask.type === "load" ? load(ask) : await search(ask) });
      } catch (caught) {
        const error = /** @type {Error} */ (caught);
        scope.postMessage({ id: ask.id, error: error.message, ofSentence: error instanceof scope.s2sText.TextError });
      }
    };
  }

  scope.s2sWorker = { serve };
});
self.s2sParts[self.s2sParts.length - 1](self);
