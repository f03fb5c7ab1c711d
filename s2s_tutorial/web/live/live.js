// The start of the live translator. A page needs this script, and an element for the translator
//
//   <div class="s2s-live" data-models="folder/"></div>
//
// with the folder that `s2s-tutorial export` wrote. Everything else is loaded from beside this script, as classic scripts and
// only when the page has such an element, so it works on any static server and from file:// alike. The network runs in a
// worker made from the source of the parts, so the page stays responsive while it computes.
(function () {
  "use strict";

  const PARTS = ["text.js", "unicode_text.js", "pieces.js", "sentences.js", "rules.js", "honesty.js", "reader.js", "tensors.js", "matrix.js", "weights.js", "network.js", "transformer.js", "drawing.js", "search.js", "worker.js"]; // for the worker
  const VIEW = ["attention_view.js", "panel.js", "controls.js", "choices.js", "directions.js", "address.js", "notes.js", "result.js", "view_words.js", "heads.js", "loading.js", "layout.js"];
  const STYLES = ["attention_view.css", "live.css"];
  const AT_ONCE = 2; // scripts of one model that are downloaded at the same time; other connections stay free
  const currentScript = () => /** @type {HTMLScriptElement} */ (document.currentScript).src;
  const here = new URL(".", currentScript());
  /** @type {Set<string>} Addresses of the scripts that have run. */
  const done = new Set();
  /** @type {Map<string, string>} Pieces of models, by the address of their script. */
  const pieces = new Map();

  // Each script of a model calls this with its piece of the file, in base64.
  self.s2sModel = (base64) => { pieces.set(currentScript(), base64); };

  /**
   * Load a script, once.
   * @param {URL} url
   * @returns {Promise<void>}
   */
  function addScript(url) {
    if (done.has(url.href)) return Promise.resolve();
    /** @type {Promise<void>} */
    const loading = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = url.href;
      script.charset = "utf-8";
      script.onload = () => { script.remove(); done.add(url.href); resolve(); };
      script.onerror = () => { script.remove(); reject(new Error("The file " + url.pathname.split("/").pop() + " could not be loaded.")); };
      document.head.appendChild(script);
    });
    return loading;
  }

  /**
   * Add a link element to the page's head.
   * @param {URL} url
   * @param {Record<string, string>} values
   */
  function addLink(url, values) {
    const link = Object.assign(document.createElement("link"), values);
    link.href = url.href;
    document.head.appendChild(link);
  }

  /**
   * Begin to download a script that will run later, so that downloads do not wait for each other.
   * @type {(url: URL) => void}
   */
  const expect = (url) => addLink(url, { rel: "preload", as: "script", fetchPriority: "high" });

  /** A folder of models and the worker that runs them. It dispatches "change" whenever more of a model has arrived. */
  class Engine extends EventTarget {
    /** @param {URL} folder */
    constructor(folder) {
      super();
      this.folder = folder;
      /** @type {Model[]} */
      this.models = [];
      /** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} Questions without an answer. */
      this.asked = new Map();
      this.number = 0;
      /** @type {Worker | null} */
      this.worker = null;
    }

    /** Read the list of models. */
    async list() {
      await addScript(this.manifest());
      /** @type {(sizes: number[]) => number} */
      const total = (sizes) => sizes.reduce((sum, size) => sum + size, 0);
      this.models = self.s2sManifest.models.map((model) => ({ ...model, arrived: 0, total: total(model.scripts), pieces: [], state: "new", error: null }));
    }

    /** Return the address of the list of models. */
    manifest() {
      return new URL("models.js", this.folder);
    }

    /**
     * Return the address of one script of a model.
     * @param {Model} model
     * @param {number} number
     */
    script(model, number) {
      return new URL(model.name + "." + number + ".js", this.folder);
    }

    /**
     * Return the small model that answers while this one is loading; null if there is none or this one is loaded.
     * @param {Model} model
     */
    standIn(model) {
      return (model.state !== "ready" && this.models.find((one) => one.name === model.stand_in)) || null;
    }

    /** Start the worker. */
    start() {
      const source = self.s2sParts.map((part) => "(" + part + ")(self);").join("\n") + "\nself.s2sWorker.serve();";
      const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      this.worker = new Worker(url);
      this.worker.onmessage = (event) => this.answer(event.data);
      this.worker.onerror = () => this.asked.forEach((_, id) => this.answer({ id, error: "The translator stopped. Load the page again." }));
    }

    /**
     * Pass an answer of the worker to the caller that asked.
     * @param {Answer} message
     */
    answer(message) {
      const asked = this.asked.get(message.id);
      this.asked.delete(message.id);
      if (message.error === undefined) asked?.resolve(message.result);
      else asked?.reject(Object.assign(new Error(message.error), { ofSentence: message.ofSentence }));
    }

    /**
     * Ask the worker.
     * @param {Ask["type"]} type
     * @param {object} values The other values of the question.
     * @returns {Promise<any>}
     */
    ask(type, values) {
      return new Promise((resolve, reject) => {
        const id = ++this.number;
        this.asked.set(id, { resolve, reject });
        this.worker?.postMessage({ ...values, id, type });
      });
    }

    /**
     * Change the state of a model's loading.
     * @param {Model} model
     * @param {Partial<Model>} values
     */
    change(model, values) {
      Object.assign(model, values);
      this.dispatchEvent(new Event("change"));
    }

    /**
     * Load a model, once. After a failure the next call loads the scripts that are still missing.
     * @param {Model} model
     * @returns {Promise<{ language: string, source: string }>}
     */
    load(model) {
      if (model.loaded && model.state !== "failed") return model.loaded;
      this.change(model, { state: "loading", error: null });
      model.loaded = this.read(model);
      model.loaded.then(() => this.change(model, { state: "ready" }), (error) => this.change(model, { state: "failed", error }));
      return model.loaded;
    }

    /**
     * Download a model and let the worker read it.
     * @param {Model} model
     */
    async read(model) {
      await this.download(model);
      const base64 = model.pieces.join("");
      model.pieces = [];
      return this.ask("load", { model: model.name, base64 });
    }

    /**
     * Download the scripts of a model that are missing.
     * @param {Model} model
     */
    async download(model) {
      const missing = model.scripts.map((_, number) => number).filter((number) => model.pieces[number] === undefined);
      const next = async () => {
        for (let number = missing.shift(); number !== undefined; number = missing.shift()) {
          const url = this.script(model, number);
          await addScript(url).catch((error) => { missing.length = 0; throw error; });
          model.pieces[number] = pieces.get(url.href);
          pieces.delete(url.href);
          done.delete(url.href);
          this.change(model, { arrived: model.arrived + model.scripts[number] });
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, next));
    }
  }

  /**
   * Show a bar while the translator's own scripts are loading.
   * @param {HTMLElement} host
   */
  function showWaiting(host) {
    const line = document.createElement("label"), bar = document.createElement("progress");
    line.append("Loading the translator ", bar);
    host.replaceChildren(line);
    return bar;
  }

  /**
   * Show an error and a button to try again.
   * @param {HTMLElement} host
   * @param {Error} error
   */
  function showError(host, error) {
    const line = document.createElement("p"), again = document.createElement("button");
    line.setAttribute("role", "alert");
    line.textContent = "The translator cannot start. " + error.message + " ";
    again.type = "button";
    again.className = "s2s-small";
    again.textContent = "Try again";
    again.addEventListener("click", () => begin([host]));
    line.append(again);
    host.replaceChildren(line);
  }

  /**
   * Begin to download the model that answers first, unless the address names another one.
   * @param {Engine} engine
   */
  function expectFirst(engine) {
    const [first] = engine.models;
    if (first && !/[#&]model=/.test(location.hash)) expect(engine.script(engine.standIn(first) || first, 0));
  }

  /** @type {Map<string, Engine>} */
  const engines = new Map();

  /**
   * Load what the translator needs, and start it.
   * @param {HTMLElement} host
   * @param {boolean} own Whether the page's address belongs to this translator.
   * @param {HTMLProgressElement} bar
   */
  async function mount(host, own, bar) {
    const folder = new URL((host.dataset.models || "models").replace(/\/?$/, "/"), document.baseURI);
    const engine = engines.get(folder.href) || new Engine(folder), names = PARTS.concat(VIEW);
    if (!engine.models.length) {
      [engine.manifest(), ...names.map((name) => new URL(name, here))].forEach((url) => done.has(url.href) || expect(url));
      await engine.list();
      expectFirst(engine);
    }
    bar.max = names.length;
    for (const name of names) {
      await addScript(new URL(name, here));
      bar.value += 1;
    }
    if (!engine.worker) engine.start();
    engines.set(folder.href, engine);
    self.s2sPanel.mount(host, engine, own);
  }

  /**
   * Start the translators of a page, one after the other.
   * @param {HTMLElement[]} hosts
   */
  async function begin(hosts) {
    for (const host of hosts) {
      try {
        await mount(host, host === document.querySelector(".s2s-live"), showWaiting(host));
      } catch (error) {
        showError(host, /** @type {Error} */ (error));
      }
    }
  }

  /** Start all translators of the page. */
  function find() {
    /** @type {HTMLElement[]} */
    const hosts = Array.from(document.querySelectorAll(".s2s-live"));
    if (hosts.length) STYLES.forEach((name) => addLink(new URL(name, here), { rel: "stylesheet" }));
    begin(hosts);
  }

  // The elements above this script are there, even while the rest of the page is still loading.
  if (document.querySelector(".s2s-live") || document.readyState !== "loading") find();
  else document.addEventListener("DOMContentLoaded", find);
})();
