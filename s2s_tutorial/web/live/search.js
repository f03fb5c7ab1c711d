// Search and the translator, as in s2s_tutorial/translation/, for one sentence.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  const PAD = 0, SOS = 1, EOS = 2, UNK = 3;
  const { largest } = scope.s2sMatrix;
  const { logTotal, random, draw } = scope.s2sDrawing;
  const SHOWN = 5; // probable words per step that are listed

  /**
   * Return the source position that is pinned at a step, or -1.
   * @type {(pin: Pin | null, step: number) => number}
   */
  const pinnedAt = (pin, step) => (pin && (pin.step === null || pin.step === step) ? pin.source : -1);

  /** A model with its vocabularies. */
  class Translator {
    /** @param {Uint8Array} bytes The exported model's file. */
    constructor(bytes) {
      const weights = new scope.s2sWeights.Weights(bytes), { description, srcEmbedding, embedding } = weights;
      const { network, num_layers, num_heads } = description.model, hasHeads = network === "transformer";
      this.reader = new scope.s2sReader.Reader(description, srcEmbedding.tensor.shape[0], embedding.tensor.shape[0]);
      /** @type {Network} */
      this.network = hasHeads ? new scope.s2sTransformer.Transformer(weights) : new scope.s2sNetwork.RecurrentNetwork(weights);
      weights.clear();
      this.output = weights.output;
      this.description = description;
      this.heads = hasHeads ? { layers: num_layers, heads: num_heads } : null;
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
     * Read one more word of K partial translations, and score the next one.
     * @param {number[]} ids (K).
     * @param {Memory} memory
     * @param {State[]} states (K).
     * @param {number} pinned Source position that gets all the attention, or -1.
     * @returns {StepOutput}
     */
    step(ids, memory, states, pinned) {
      const read = this.network.read(ids, memory, states, pinned);
      return { ...read, logits: this.output.logits(read.tops, ids.length) };
    }

    /**
     * Return the options that fit this model and sentence. A link may name a position or a word that does not exist.
     * @param {Source} source
     * @param {SearchOptions} options
     */
    fit(source, { pin = null, prefix = [], ...others }) {
      const fits = pin && this.network.attends && pin.source < source.memory.length;
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
      let states = [source.memory.first], word = SOS;
      for (let step = 0; step < source.limit; step++) {
        yield;
        const out = this.step([word], source.memory, states, pinnedAt(pin, step)); // logits (1, V)
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
        const out = this.step(last, source.memory, live.map((beam) => beam.states), pinnedAt(pin, step));
        const longer = live.flatMap((beam, n) => this.extend(beam, out, n, K, source.limit));
        beams = [...beams.filter((beam) => beam.ended), ...longer].sort((a, b) => rank(b) - rank(a)).slice(0, K);
      }
      beams.sort((a, b) => rank(b) - rank(a));
      return beams.map((beam) => this.finish(source, { ids: beam.ids, score: rank(beam), weights: beam.weights }));
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
      const size = this.tgtWords.length, total = logTotal(out.logits, n * size, size, 1);
      return largest(out.logits, n * size, size, K).map((id) => ({
        ids: id === EOS ? beam.ids : beam.ids.concat(id),
        score: beam.score + out.logits[n * size + id] - total,
        length: beam.length + 1,
        ended: id === EOS || beam.length + 1 === limit,
        weights: out.weights ? beam.weights.concat([Array.from(out.weights[n])]) : [],
        states: out.states[n],
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
        const { tokens: srcWords, unknown, unread, unlearned, foreign } = source, read = this.wordsOf(srcWords);
        if (n === part) found = { srcWords, srcStarts: read.starts, srcLabels: read.labels, unknown, unread, unlearned, foreign, pin: fitting.pin, prefix: fitting.prefix,
          best, parts, part, spaces, hasPieces, isMarked: Boolean(this.description.reading), isAscii: rule.isAscii, longest, heads: this.heads };
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
     * Return the weights of a head, or the mean of a layer's heads, while the model reads a known translation; it pauses before
     * each word.
     * @param {string} text
     * @param {Look} look
     * @param {number[]} ids Words of the translation.
     * @param {SearchOptions} [options]
     * @returns {Generator<void, number[][], void>} A row for each word that looks.
     */
    *watching(text, look, ids, options = {}) {
      const { sentences } = this.reader.read(text), sentence = sentences[options.part ?? 0] ?? sentences[0];
      const { pin } = this.fit(this.encode(sentence), options);
      /** @type {number[][]} */
      const rows = [];
      /** @type {Watch} */
      const watch = (kind, layer, heads) => {
        if (kind === look.kind && layer === look.layer) rows.push(Array.from(look.head === null ? scope.s2sTransformer.meanOf(heads) : heads[look.head]));
      };
      const memory = this.network.encode(sentence.ids.concat(EOS), watch);
      let states = [memory.first];
      for (const [step, word] of (look.kind === "encoder" ? [] : [SOS, ...ids]).entries()) {
        yield;
        states = this.network.read([word], memory, states, pinnedAt(pin, step), watch).states;
      }
      const columns = Math.max(...rows.map((row) => row.length)); // a word does not look at the words after it
      return rows.map((row) => row.concat(Array(columns - row.length).fill(0)));
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
