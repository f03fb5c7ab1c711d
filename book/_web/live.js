// The live translator. A page needs this script, and where the translator shall sit
//
//   <div class="s2s-live" data-models="folder/"></div>
//
// with the folder that `s2s-tutorial export` wrote. All else is loaded from beside this script, as classic scripts and only
// when the page has such a place, so it works on any static server and from file:// alike. The network runs in a worker
// made from the source of the parts, and the page never waits for it.
(function () {
  "use strict";

  const PARTS = ["text.js", "matrix.js", "network.js", "honesty.js", "search.js"]; // for the worker
  const VIEW = ["attention_view.js", "panel.js", "choices.js", "address.js", "notes.js", "result.js"];
  const STYLES = ["attention_view.css", "live.css"];
  const here = new URL(".", document.currentScript.src);

  function addScript(url) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = url;
      script.charset = "utf-8";
      script.onload = () => { script.remove(); resolve(); };
      script.onerror = () => { script.remove(); reject(new Error("The file " + new URL(url).pathname.split("/").pop() + " could not be loaded.")); };
      document.head.appendChild(script);
    });
  }

  function addStyle(name) {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL(name, here);
    document.head.appendChild(link);
  }

  // A folder of models and the worker that runs them.
  class Engine {
    constructor(folder) {
      this.folder = folder;
      this.models = [];
      this.loading = new Map();
      this.asked = new Map();
      this.number = 0;
    }

    async start() {
      await addScript(new URL("models.js", this.folder));
      this.models = self.s2sManifest.models;
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

    // Load a model, once. Scripts set one global, so they are loaded one after the other.
    load(name) {
      if (!this.loading.has(name)) {
        const loaded = (this.queue || Promise.resolve()).then(async () => {
          await addScript(new URL(name + ".js", this.folder));
          const base64 = self.s2sModel;
          delete self.s2sModel;
          return this.ask("load", { model: name, base64 });
        });
        this.queue = loaded.catch(() => {});
        this.loading.set(name, loaded);
        loaded.catch(() => this.loading.delete(name)); // the next try loads it again
      }
      return this.loading.get(name);
    }
  }

  function complain(host, error) {
    const line = document.createElement("p");
    line.setAttribute("role", "alert");
    line.textContent = "The translator cannot start. " + error.message;
    host.replaceChildren(line);
  }

  async function begin() {
    const hosts = Array.from(document.querySelectorAll(".s2s-live"));
    if (!hosts.length) return;
    STYLES.forEach(addStyle);
    const engines = new Map();
    try {
      for (const name of PARTS.concat(VIEW)) await addScript(new URL(name, here));
    } catch (error) {
      hosts.forEach((host) => complain(host, error));
      return;
    }
    for (const host of hosts) {
      const folder = new URL((host.dataset.models || "models").replace(/\/?$/, "/"), document.baseURI);
      try {
        if (!engines.has(folder.href)) {
          const engine = new Engine(folder);
          await engine.start();
          engines.set(folder.href, engine);
        }
        self.s2sPanel.mount(host, engines.get(folder.href), host === hosts[0]);
      } catch (error) {
        complain(host, error);
      }
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
