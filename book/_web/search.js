// Search, and the translator that the worker runs: search.py and translation.py of s2s_tutorial for one sentence.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  const PAD = 0, SOS = 1, EOS = 2, UNK = 3, SPECIAL = ["<pad>", "<sos>", "<eos>", "<unk>"];
  const { largest } = scope.s2sMatrix;
  const SHOWN = 5; // the most probable words of a step that are listed
  const SLICE = 40; // milliseconds that the worker searches before it looks for a newer message

  // log of the sum of exp(logits / temperature) over the n-th row of V, PAD and SOS left out.
  function logTotal(logits, start, size, temperature) {
    let most = -Infinity, total = 0;
    for (let v = EOS; v < size; v++) if (logits[start + v] > most) most = logits[start + v];
    for (let v = EOS; v < size; v++) total += Math.exp((logits[start + v] - most) / temperature);
    return Math.log(total) + most / temperature;
  }

  // Numbers from 0 to 1 that a seed decides (the generator "mulberry32"), so that a drawn translation can be drawn again.
  function random(seed) {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
  }

  function draw(logits, size, temperature, chance) {
    const total = logTotal(logits, 0, size, temperature);
    let left = chance, last = EOS;
    for (let v = EOS; v < size; v++) {
      const share = Math.exp(logits[v] / temperature - total);
      if (share === 0) continue;
      last = v;
      if ((left -= share) < 0) break;
    }
    return last;
  }

  const pinnedAt = (pin, step) => (pin && (pin.step === null || pin.step === step) ? pin.source : -1);

  class Translator {
    constructor(bytes) {
      this.network = new scope.s2sNetwork.Network(bytes);
      this.description = this.network.description;
      const words = (text) => SPECIAL.concat(text.split(" ").filter(Boolean));
      this.tgtWords = words(this.description.tgt_words);
      this.tgtIds = new Map(this.tgtWords.map((word, id) => [word, id]));
      this.srcIds = new Map(words(this.description.src_words).map((word, id) => [word, id]));
    }

    // Read a sentence; every search starts from the result.
    read(sentence) {
      const { s2sText, s2sHonesty } = scope, rules = this.description.text;
      const foreign = s2sHonesty.looksTranslated(s2sText.normalise(sentence, rules).split(" "), this.srcIds, this.tgtIds);
      const words = s2sText.readSentence(sentence, this.description, this.srcIds, foreign);
      const ids = words.map((word) => (this.srcIds.has(word) ? this.srcIds.get(word) : UNK));
      const memory = this.network.encode(ids.concat(EOS));
      const unknown = words.filter((word) => !this.srcIds.has(word)), unread = s2sHonesty.unread(sentence, rules);
      return { words, ids, memory, limit: 2 * memory.length + 10, unknown, unread, foreign };
    }

    // The options that fit this model and sentence: a link may ask for a position or a word that does not exist.
    fit(source, { pin = null, prefix = [], ...others }) {
      const fits = pin && this.network.attention !== "none" && pin.source < source.memory.length;
      const known = prefix.findIndex((word, n) => !(this.tgtIds.get(word) >= EOS) || n >= source.limit || prefix[n - 1] === SPECIAL[EOS]);
      return { ...others, pin: fits ? pin : null, prefix: known < 0 ? prefix : prefix.slice(0, known) };
    }

    // The best word at every step, or at a temperature above 0 a word drawn at random.
    // Both searches pause before each step, so that the caller can do something else or stop them.
    // options: temperature, seed; pin {source, step or null}; prefix, the words to begin with.
    *greedy(source, options) {
      const { temperature = 0, seed = 0, pin = null, prefix = [] } = options || {};
      const size = this.tgtWords.length, chance = random(seed), found = { ids: [], score: 0, weights: [], steps: [] };
      let states = source.memory.first, word = SOS;
      for (let step = 0; step < source.limit; step++) {
        yield;
        const out = this.network.step([word], source.memory, states, pinnedAt(pin, step));
        const total = logTotal(out.logits, 0, size, 1), shown = largest(out.logits, 0, size, SHOWN), heat = temperature || 1;
        const spread = heat === 1 ? total : logTotal(out.logits, 0, size, heat);
        states = out.states;
        if (step < prefix.length) word = this.tgtIds.get(prefix[step]);
        else word = temperature > 0 ? draw(out.logits, size, temperature, chance()) : shown[0];
        found.score += out.logits[word] - total;
        found.steps.push(shown.map((id) => ({ id, word: this.tgtWords[id], share: Math.exp(out.logits[id] / heat - spread) })));
        if (out.weights) found.weights.push(Array.from(out.weights[0]));
        if (word === EOS) break;
        found.ids.push(word);
      }
      return this.finish(source, found);
    }

    // The K best partial translations side by side (search.beam_search), ranked by log-probability over the length penalty.
    *beam(source, K, options) {
      const pin = (options || {}).pin || null, size = this.tgtWords.length, H = this.network.size;
      const rank = (place) => place.score / ((5 + place.length) / 6) ** this.description.length_penalty;
      let places = [{ ids: [], score: 0, length: 0, ended: false, weights: [], states: source.memory.first }];
      for (let step = 0; step < source.limit && places.some((place) => !place.ended); step++) {
        yield;
        const live = places.filter((place) => !place.ended), next = places.filter((place) => place.ended);
        const states = live[0].states.map((_, layer) => {
          const stacked = new Float64Array(live.length * H);
          live.forEach((place, n) => stacked.set(place.states[layer], n * H));
          return stacked;
        });
        const before = live.map((place) => (place.ids.length ? place.ids[place.ids.length - 1] : SOS));
        const out = this.network.step(before, source.memory, states, pinnedAt(pin, step));
        live.forEach((place, n) => {
          const total = logTotal(out.logits, n * size, size, 1);
          largest(out.logits, n * size, size, K).forEach((id) => next.push({
            ids: id === EOS ? place.ids : place.ids.concat(id),
            score: place.score + out.logits[n * size + id] - total,
            length: place.length + 1,
            ended: id === EOS || place.length + 1 === source.limit,
            weights: out.weights ? place.weights.concat([Array.from(out.weights[n])]) : [],
            states: out.states.map((layer) => layer.subarray(n * H, (n + 1) * H)),
          }));
        });
        places = next.sort((a, b) => rank(b) - rank(a)).slice(0, K);
      }
      places.sort((a, b) => rank(b) - rank(a));
      return places.map((place) => this.finish(source, { ids: place.ids, score: rank(place), weights: place.weights }));
    }

    // Ids to words; UNK is answered by copying the source word that was attended to most (translation.answer_unknown).
    finish(source, found) {
      const copied = [], words = found.ids.map((id, step) => {
        if (id !== UNK || !found.weights.length) return this.tgtWords[id];
        const weights = found.weights[step].slice(0, source.words.length); // EOS is not a word to copy
        copied.push(step);
        return source.words[weights.indexOf(Math.max(...weights))];
      });
      const text = scope.s2sText.detokenise(words, this.description.text);
      return {
        ids: found.ids, said: found.ids.map((id) => this.tgtWords[id]), words, copied, text,
        leftOut: scope.s2sHonesty.leftOut(source.words, source.ids, found.weights, found.ids.length), places: scope.s2sText.places(words, text), score: found.score,
        weights: found.weights.length ? found.weights : null, steps: found.steps || null,
      };
    }

    *translating(sentence, options) {
      const source = this.read(sentence), fitting = this.fit(source, options || {});
      const { words: srcWords, unknown, unread, foreign } = source, { pin, prefix } = fitting;
      return { srcWords, unknown, unread, foreign, pin, prefix, best: yield* this.greedy(source, fitting) };
    }

    *translatingBeam(sentence, size, options) {
      const source = this.read(sentence);
      return yield* this.beam(source, size, this.fit(source, options || {}));
    }

    // The same without a pause.
    translate(...all) {
      return toTheEnd(this.translating(...all));
    }

    translateBeam(...all) {
      return toTheEnd(this.translatingBeam(...all));
    }
  }

  function toTheEnd(search) {
    for (;;) {
      const { done, value } = search.next();
      if (done) return value;
    }
  }

  function bytesOf(base64) {
    const text = atob(base64), bytes = new Uint8Array(text.length);
    for (let n = 0; n < text.length; n++) bytes[n] = text.charCodeAt(n);
    return bytes;
  }

  // In the worker: answer each message {id, model, ...} with {id, result} or {id, error}. A sentence that arrives while another
  // one is being translated replaces it, because only the newest result is shown.
  function serve() {
    const translators = new Map();
    let newest = 0;
    const searches = {
      translate: (ask) => translators.get(ask.model).translating(ask.sentence, ask.options),
      beam: (ask) => translators.get(ask.model).translatingBeam(ask.sentence, ask.size, ask.options),
    };
    const load = (ask) => {
      const translator = new Translator(bytesOf(ask.base64));
      translators.set(ask.model, translator);
      return { language: translator.description.language };
    };
    const search = async (ask) => {
      newest = ask.id;
      const found = searches[ask.type](ask);
      for (let pause = performance.now() + SLICE; ;) {
        const { done, value } = found.next();
        if (done) return value;
        if (performance.now() < pause) continue;
        await new Promise((resolve) => setTimeout(resolve));
        if (newest !== ask.id) throw new Error("Replaced by a newer sentence.");
        pause = performance.now() + SLICE;
      }
    };
    scope.onmessage = async (event) => {
      const ask = event.data;
      try {
        scope.postMessage({ id: ask.id, result: ask.type === "load" ? load(ask) : await search(ask) });
      } catch (error) {
        scope.postMessage({ id: ask.id, error: error.message, ofSentence: error instanceof scope.s2sText.TextError });
      }
    };
  }

  scope.s2sSearch = { Translator, bytesOf, serve };
});
self.s2sParts[self.s2sParts.length - 1](self);
