// The live translator. A page needs this script, and where the translator should be
//
//   <div class="s2s-live" data-models="folder/"></div>
//
// with the folder that `s2s-tutorial export` wrote. Everything else is loaded from beside this script, as classic scripts and
// only when the page has such a place, so it works on any static server and from file:// alike. The network runs in a
// worker made from the source of the parts, so the page stays responsive while it computes.
(function () {
  "use strict";

  const PARTS = ["text.js", "matrix.js", "network.js", "honesty.js", "search.js"]; // for the worker
  const VIEW = ["attention_view.js", "panel.js", "controls.js", "choices.js", "address.js", "notes.js", "result.js", "loading.js", "layout.js"];
  const STYLES = ["attention_view.css", "live.css"];
  const AT_ONCE = 2; // scripts of one model that are on their way at the same time; connections stay free for others
  const here = new URL(".", document.currentScript.src);
  const done = new Set(), pieces = new Map();

  // Each script of a model calls this with its piece of the file, in base64.
  self.s2sModel = (base64) => { pieces.set(document.currentScript.src, base64); };

  // Load a script, once.
  function addScript(url) {
    if (done.has(url.href)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = url;
      script.charset = "utf-8";
      script.onload = () => { script.remove(); done.add(url.href); resolve(); };
      script.onerror = () => { script.remove(); reject(new Error("The file " + url.pathname.split("/").pop() + " could not be loaded.")); };
      document.head.appendChild(script);
    });
  }

  function addLink(url, values) {
    const link = Object.assign(document.createElement("link"), values);
    link.href = url;
    document.head.appendChild(link);
  }

  // Begin to download a script that will run later, so that downloads do not wait for each other.
  const expect = (url) => addLink(url, { rel: "preload", as: "script", fetchPriority: "high" });

  // A folder of models and the worker that runs them. It dispatches "change" whenever more of a model has arrived.
  class Engine extends EventTarget {
    constructor(folder) {
      super();
      this.folder = folder;
      this.models = [];
      this.asked = new Map();
      this.number = 0;
    }

    // Read the list of models.
    async list() {
      await addScript(this.manifest());
      const total = (sizes) => sizes.reduce((sum, size) => sum + size, 0);
      this.models = self.s2sManifest.models.map((model) => ({ ...model, arrived: 0, total: total(model.scripts), pieces: [], state: "new", error: null }));
    }

    manifest() {
      return new URL("models.js", this.folder);
    }

    script(model, number) {
      return new URL(model.name + "." + number + ".js", this.folder);
    }

    find(name) {
      return this.models.find((model) => model.name === name);
    }

    // The small model that answers while this one is loading; null where it has none.
    standIn(model) {
      return (model.state !== "ready" && model.stand_in && this.find(model.stand_in)) || null;
    }

    start() {
      const source = self.s2sParts.map((part) => "(" + part + ")(self);").join("\n") + "\nself.s2sSearch.serve();";
      const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      this.worker = new Worker(url);
      this.worker.onmessage = (event) => this.answer(event.data);
      this.worker.onerror = () => this.asked.forEach((_, id) => this.answer({ id, error: "The translator stopped. Load the page again." }));
    }

    answer(message) {
      const { resolve, reject } = this.asked.get(message.id);
      this.asked.delete(message.id);
      if (message.error === undefined) resolve(message.result);
      else reject(Object.assign(new Error(message.error), { ofSentence: message.ofSentence }));
    }

    ask(type, values) {
      return new Promise((resolve, reject) => {
        const id = ++this.number;
        this.asked.set(id, { resolve, reject });
        this.worker.postMessage({ ...values, id, type });
      });
    }

    change(model, values) {
      Object.assign(model, values);
      this.dispatchEvent(new Event("change"));
    }

    // Load a model, once. After a failure the next call loads what is still missing.
    load(name) {
      const model = this.find(name);
      if (model.state === "new" || model.state === "failed") {
        this.change(model, { state: "loading", error: null });
        model.loaded = this.read(model);
        model.loaded.then(
          () => this.change(model, { state: "ready" }), (error) => this.change(model, { state: "failed", error }));
      }
      return model.loaded;
    }

    async read(model) {
      await this.download(model);
      const base64 = model.pieces.join("");
      model.pieces = [];
      return this.ask("load", { model: model.name, base64 });
    }

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

  function waiting(host) {
    const line = document.createElement("label"), bar = document.createElement("progress");
    line.append("Loading the translator ", bar);
    host.replaceChildren(line);
    return bar;
  }

  function complain(host, error) {
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

  // What the first sentence needs comes first, unless the address names another model.
  function expectFirst(engine) {
    const [first] = engine.models;
    if (first && !/[#&]model=/.test(location.hash)) expect(engine.script(engine.standIn(first) || first, 0));
  }

  const engines = new Map();

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

  async function begin(hosts) {
    for (const host of hosts) {
      try {
        await mount(host, host === document.querySelector(".s2s-live"), waiting(host));
      } catch (error) {
        complain(host, error);
      }
    }
  }

  function find() {
    const hosts = Array.from(document.querySelectorAll(".s2s-live"));
    if (hosts.length) STYLES.forEach((name) => addLink(new URL(name, here), { rel: "stylesheet" }));
    begin(hosts);
  }

  // Other scripts of the page may still be loading: what is above this script is there.
  if (document.querySelector(".s2s-live") || document.readyState !== "loading") find();
  else document.addEventListener("DOMContentLoaded", find);
})();
