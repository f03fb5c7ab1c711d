// Search and the translator, as in s2s_tutorial/translation/, for one sentence.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  const PAD = 0, SOS = 1, EOS = 2, UNK = 3;
  const { largest } = scope.s2sMatrix;
  const SHOWN = 5; // probable words per step that are listed

  /**
   * Return the log of the sum of exp(logits / temperature) over a row of V logits that begins at `start`, without PAD and SOS.
   * @param {Float64Array} logits
   * @param {number} start
   * @param {number} size
   * @param {number} temperature
   */
  function logTotal(logits, start, size, temperature) {
    let most = -Infinity, total = 0;
    for (let v = EOS; v < size; v++) if (logits[start + v] > most) most = logits[start + v];
    for (let v = EOS; v < size; v++) total += Math.exp((logits[start + v] - most) / temperature);
    return Math.log(total) + most / temperature;
  }

  /**
   * Return a generator of random numbers from 0 to 1 ("mulberry32"); the same seed repeats them.
   * @param {number} seed
   */
  function random(seed) {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
  }

  /**
   * Draw a word by its probability at a temperature.
   * @param {Float64Array} logits (V).
   * @param {number} size
   * @param {number} temperature
   * @param {number} chance Random number from 0 to 1.
   */
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

  /**
   * Return the source position that is pinned at a step, or -1.
   * @type {(pin: Pin | null, step: number) => number}
   */
  const pinnedAt = (pin, step) => (pin && (pin.step === null || pin.step === step) ? pin.source : -1);

  /** A model with its vocabularies. */
  class Translator {
    /** @param {Uint8Array} bytes The exported model's file. */
    constructor(bytes) {
      this.network = new scope.s2sNetwork.Network(bytes);
      this.description = this.network.description;
      this.reader = new scope.s2sReader.Reader(this.description, this.network.srcEmbedding.tensor.shape[0], this.network.embedding.tensor.shape[0]);
      this.tgtWords = this.reader.target.words;
      this.tgtIds = this.reader.target.ids;
    }

    /**
     * Encode a sentence; every search starts from the result.
     * @param {ReadSentence} sentence
     * @returns {Source}
     */
    encode(sentence) {
      const memory = this.network.encode(sentence.ids.concat(EOS));
      return { ...sentence, memory, limit: this.reader.mostPerToken * memory.length + 10 };
    }

    /**
     * Return the options that fit this model and sentence. A link may name a position or a word that does not exist.
     * @param {Source} source
     * @param {SearchOptions} options
     */
    fit(source, { pin = null, prefix = [], ...others }) {
      const fits = pin && this.network.attention !== "none" && pin.source < source.memory.length;
      const known = prefix.findIndex((word, n) => (this.tgtIds.get(word) ?? PAD) < EOS || n >= source.limit || prefix[n - 1] === this.tgtWords[EOS]);
      return { ...others, pin: fits ? pin : null, prefix: known < 0 ? prefix : prefix.slice(0, known) };
    }

    /**
     * Take the best word at every step, or, at a temperature above 0, a word drawn at random. Like the beam search, it pauses
     * before each step, so that the caller can do something else or stop it.
     * @param {Source} source
     * @param {SearchOptions} options
     * @returns {Generator<void, Translation, void>}
     */
    *greedy(source, options) {
      const { temperature = 0, seed = 0, pin = null, prefix = [] } = options;
      const size = this.tgtWords.length, chance = random(seed);
      /** @type {Required<FoundIds>} */
      const found = { ids: [], score: 0, weights: [], steps: [] };
      let states = source.memory.first, word = SOS;
      for (let step = 0; step < source.limit; step++) {
        yield;
        const out = this.network.step([word], source.memory, states, pinnedAt(pin, step)); // logits (1, V)
        const total = logTotal(out.logits, 0, size, 1), shown = largest(out.logits, 0, size, SHOWN), heat = temperature || 1;
        const spread = heat === 1 ? total : logTotal(out.logits, 0, size, heat);
        states = out.states;
        if (step < prefix.length) word = this.tgtIds.get(prefix[step]) ?? UNK;
        else word = temperature > 0 ? draw(out.logits, size, temperature, chance()) : shown[0];
        found.score += out.logits[word] - total;
        found.steps.push(shown.map((id) => ({ id, word: this.tgtWords[id], share: Math.exp(out.logits[id] / heat - spread) })));
        if (out.weights) found.weights.push(Array.from(out.weights[0]));
        if (word === EOS) break;
        found.ids.push(word);
      }
      return this.finish(source, found);
    }

    /**
     * Keep the K best partial translations at every step, as search.beam_search does; return them with the best first. A
     * translation's rank is its log-probability divided by the length penalty.
     * @param {Source} source
     * @param {number} K
     * @param {SearchOptions} options
     * @returns {Generator<void, Translation[], void>}
     */
    *beam(source, K, options) {
      const pin = options.pin || null;
      /** @type {(beam: Beam) => number} */
      const rank = (beam) => beam.score / ((5 + beam.length) / 6) ** this.description.length_penalty;
      /** @type {Beam[]} */
      let beams = [{ ids: [], score: 0, length: 0, ended: false, weights: [], states: source.memory.first }];
      for (let step = 0; step < source.limit && beams.some((beam) => !beam.ended); step++) {
        yield;
        const live = beams.filter((beam) => !beam.ended), last = live.map((beam) => beam.ids.at(-1) ?? SOS);
        const out = this.network.step(last, source.memory, this.stack(live), pinnedAt(pin, step));
        const longer = live.flatMap((beam, n) => this.extend(beam, out, n, K, source.limit));
        beams = [...beams.filter((beam) => beam.ended), ...longer].sort((a, b) => rank(b) - rank(a)).slice(0, K);
      }
      beams.sort((a, b) => rank(b) - rank(a));
      return beams.map((beam) => this.finish(source, { ids: beam.ids, score: rank(beam), weights: beam.weights }));
    }

    /**
     * Stack the states of partial translations: (K, H) for each layer.
     * @param {Beam[]} beams
     */
    stack(beams) {
      const H = this.network.size;
      return beams[0].states.map((_, layer) => {
        const stacked = new Float64Array(beams.length * H);
        beams.forEach((beam, n) => stacked.set(beam.states[layer], n * H));
        return stacked;
      });
    }

    /**
     * Extend a partial translation by each of its K most probable next words.
     * @param {Beam} beam
     * @param {StepOutput} out Output of the step for all partial translations.
     * @param {number} n Row of this one in the output.
     * @param {number} K
     * @param {number} limit
     * @returns {Beam[]}
     */
    extend(beam, out, n, K, limit) {
      const size = this.tgtWords.length, H = this.network.size, total = logTotal(out.logits, n * size, size, 1);
      return largest(out.logits, n * size, size, K).map((id) => ({
        ids: id === EOS ? beam.ids : beam.ids.concat(id),
        score: beam.score + out.logits[n * size + id] - total,
        length: beam.length + 1,
        ended: id === EOS || beam.length + 1 === limit,
        weights: out.weights ? beam.weights.concat([Array.from(out.weights[n])]) : [],
        states: out.states.map((layer) => layer.subarray(n * H, (n + 1) * H)),
      }));
    }

    /**
     * Turn ids into words. In place of UNK, copy the source word with the highest attention weight.
     * @param {Source} source
     * @param {FoundIds} found
     * @returns {Translation}
     */
    finish(source, found) {
      /** @type {number[]} */
      const copied = [];
      const words = found.ids.map((id, step) => {
        if (id !== UNK || !found.weights.length) return this.tgtWords[id];
        const weights = found.weights[step].slice(0, source.tokens.length); // EOS is not a word to copy
        copied.push(step);
        return source.tokens[weights.indexOf(Math.max(...weights))];
      });
      const { rule, hasPieces } = this.reader, text = rule.print(words);
      return {
        ids: found.ids, modelWords: found.ids.map((id) => this.tgtWords[id]), words, copied, text,
        leftOut: hasPieces ? [] : scope.s2sHonesty.leftOut(source.tokens, source.ids, found.weights, found.ids.length),
        places: rule.places(words, text), ...this.wordsOf(words), unspaced: rule.isUnspaced(text), score: found.score,
        weights: found.weights.length ? found.weights : null, steps: found.steps || null,
      };
    }

    /**
     * Return where words begin among tokens, and the words. A word of which nothing is printed is named by its tokens.
     * @param {string[]} tokens
     */
    wordsOf(tokens) {
      const { rule } = this.reader, starts = rule.wordStarts(tokens);
      return { starts, labels: starts.map((start, n) => rule.print(tokens.slice(start, starts[n + 1])) || tokens.slice(start, starts[n + 1]).join("")) };
    }

    /**
     * Translate each sentence of a text, with a pause before each step.
     * @param {string} text
     * @param {SearchOptions} [options]
     * @returns {Generator<void, Found, void>}
     */
    *translating(text, options = {}) {
      const { sentences, spaces } = this.reader.read(text), part = sentences[options.part ?? 0] ? options.part ?? 0 : 0;
      const { pin, prefix, ...general } = options, { rule, hasPieces, longest } = this.reader;
      /** @type {Found["parts"]} */
      const parts = [];
      /** @type {Found | null} */
      let found = null;
      for (const [n, sentence] of sentences.entries()) {
        const source = this.encode(sentence), fitting = this.fit(source, n === part ? { ...general, pin, prefix } : general);
        const best = yield* this.greedy(source, fitting);
        parts.push({ source: source.text, text: best.text, unspaced: best.unspaced, length: source.tokens.length, tooLong: source.tooLong });
        const { tokens: srcWords, unknown, unread, foreign } = source, read = this.wordsOf(srcWords);
        if (n === part) found = { srcWords, srcStarts: read.starts, srcLabels: read.labels, unknown, unread, foreign, pin: fitting.pin, prefix: fitting.prefix,
          best, parts, part, spaces, hasPieces, isMarked: Boolean(this.description.reading), isAscii: rule.isAscii, longest };
      }
      return /** @type {Found} */ (found);
    }

    /**
     * Return the results of a beam search for one sentence of a text, with a pause before each step.
     * @param {string} text
     * @param {number} size
     * @param {SearchOptions} [options]
     * @returns {Generator<void, Translation[], void>}
     */
    *translatingBeam(text, size, options = {}) {
      const { sentences } = this.reader.read(text), source = this.encode(sentences[options.part ?? 0] ?? sentences[0]);
      return yield* this.beam(source, size, this.fit(source, options));
    }

    /**
     * Translate a sentence without a pause.
     * @param {string} sentence
     * @param {SearchOptions} [options]
     */
    translate(sentence, options) {
      return finishSearch(this.translating(sentence, options));
    }

    /**
     * Return the results of a beam search without a pause.
     * @param {string} sentence
     * @param {number} size
     * @param {SearchOptions} [options]
     */
    translateBeam(sentence, size, options) {
      return finishSearch(this.translatingBeam(sentence, size, options));
    }
  }

  /**
   * Run a search to its end.
   * @template Result
   * @param {Generator<void, Result, void>} search
   * @returns {Result}
   */
  function finishSearch(search) {
    for (;;) {
      const { done, value } = search.next();
      if (done) return value;
    }
  }

  /**
   * Decode base64.
   * @type {S2sSearch["bytesOf"]}
   */
  function bytesOf(base64) {
    const text = atob(base64), bytes = new Uint8Array(text.length);
    for (let n = 0; n < text.length; n++) bytes[n] = text.charCodeAt(n);
    return bytes;
  }

  scope.s2sSearch = { Translator, bytesOf };
});
self.s2sParts[self.s2sParts.length - 1](self);
