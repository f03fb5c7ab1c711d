// The recurrent network: encoder, attention and decoder over typed arrays, for one sentence. It computes the same as the modules of
// s2s_tutorial/model/, and tensors have the same names as there.
//
// Sizes as in the book: S source length, K partial translations that are decoded together, H hidden, V words, L layers.
// Numbers are added up in double precision; the 8-bit weights are expanded once, when a model is read.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  const { multiply, dot, sideBySide, takeRows } = scope.s2sMatrix;
  const REMEMBERED = 4000; // words whose products with the first layer's weights are kept

  /** @type {(value: number) => number} */
  const sigmoid = (value) => 1 / (1 + Math.exp(-value));

  /** A recurrent network read from its file. */
  class RecurrentNetwork {
    /** @param {Weights} weights */
    constructor(weights) {
      const { hidden_size, num_layers, attention } = weights.description.model;
      this.file = weights;
      this.size = hidden_size;
      this.attends = attention !== "none";
      this.combine = weights.matrix("decoder.combine.weight");
      /** @type {Gru[][]} Both directions of each layer. */
      this.encoderLayers = [];
      /** @type {Gru[]} */
      this.decoderLayers = [];
      for (let layer = 0; layer < num_layers; layer++) {
        const name = "encoder.layers." + layer + ".";
        this.encoderLayers.push([this.gru(name, "_l0"), this.gru(name, "_l0_reverse")]);
        this.decoderLayers.push(this.gru("decoder.layers." + layer + ".", "_l0"));
      }
      this.readScore(attention === "local-p" ? "general" : attention);
      const isLocal = attention === "local-p";
      this.centre = isLocal ? { project: weights.matrix("decoder.attention.project.weight"), vector: weights.vector("decoder.attention.vector") } : null;
    }

    /**
     * Return the weights of one GRU layer in one direction.
     * @param {string} layer
     * @param {string} end
     * @returns {Gru}
     */
    gru(layer, end) {
      return {
        input: this.file.matrix(layer + "weight_ih" + end), inputBias: this.file.vector(layer + "bias_ih" + end),
        state: this.file.matrix(layer + "weight_hh" + end), stateBias: this.file.vector(layer + "bias_hh" + end),
        known: new Map(),
      };
    }

    /**
     * Read the weights of the score function.
     * @param {string} name
     */
    readScore(name) {
      const score = "decoder.attention.score.", H = this.size;
      /** @type {Matrix | null} */
      this.key = null;
      /** @type {Matrix | null} */
      this.query = null;
      if (name === "general") this.key = this.file.matrix(score + "project.weight");
      if (name === "concat") {
        this.query = this.file.matrix(score + "project.weight", 0, H);
        this.key = this.file.matrix(score + "project.weight", H, 2 * H);
      }
      if (name === "additive") {
        this.query = this.file.matrix(score + "project_query.weight");
        this.key = this.file.matrix(score + "project_key.weight");
      }
      /** @type {Float64Array} */
      this.scoreVector = this.query ? this.file.vector(score + "vector") : new Float64Array(0);
    }

    /**
     * Multiply the embedding of each word by a GRU's input weights. Words recur (every sentence has an EOS), so the products
     * are kept.
     * @param {Gru} gru
     * @param {RoundedMatrix} embedding
     * @param {number[]} ids
     * @returns {Float64Array} (number of ids, 3H).
     */
    projectWords(gru, embedding, ids) {
      const rows = gru.input.rows, out = new Float64Array(ids.length * rows);
      if (gru.known.size > REMEMBERED) gru.known.clear();
      const missing = [...new Set(ids)].filter((id) => !gru.known.has(id));
      if (missing.length) {
        const vectors = takeRows(embedding.tensor, embedding.scales, missing);
        const found = multiply(gru.input, vectors, missing.length, gru.inputBias);
        missing.forEach((id, n) => gru.known.set(id, found.slice(n * rows, (n + 1) * rows)));
      }
      ids.forEach((id, n) => out.set(gru.known.get(id) ?? [], n * rows));
      return out;
    }

    /**
     * Compute one step of a GRU for `count` states.
     * @param {Gru} gru
     * @param {Float64Array} projected Projected inputs, (count, 3H) from `start`.
     * @param {number} start
     * @param {Float64Array} states (count, H).
     * @param {number} count
     */
    gruStep(gru, projected, start, states, count) {
      const H = this.size, next = new Float64Array(count * H);
      const gates = multiply(gru.state, states, count, gru.stateBias);
      for (let n = 0; n < count; n++) {
        const input = start + 3 * n * H, gate = 3 * n * H;
        for (let k = 0; k < H; k++) {
          const reset = sigmoid(projected[input + k] + gates[gate + k]);
          const update = sigmoid(projected[input + H + k] + gates[gate + H + k]);
          const candidate = Math.tanh(projected[input + 2 * H + k] + reset * gates[gate + 2 * H + k]);
          next[n * H + k] = candidate + update * (states[n * H + k] - candidate);
        }
      }
      return next;
    }

    /**
     * Read a sentence in one direction; return all states (S, H) and the last one.
     * @param {Gru} gru
     * @param {Float64Array} projected (S, 3H).
     * @param {number} length
     * @param {boolean} backward
     */
    readOneWay(gru, projected, length, backward) {
      const H = this.size, states = new Float64Array(length * H);
      let state = new Float64Array(H);
      for (let n = 0; n < length; n++) {
        const position = backward ? length - 1 - n : n;
        state = this.gruStep(gru, projected, 3 * position * H, state, 1);
        states.set(state, position * H);
      }
      return { states, last: state };
    }

    /**
     * Read a sentence of ids, with EOS at its end.
     * @param {number[]} ids
     * @returns {RecurrentMemory}
     */
    encode(ids) {
      const S = ids.length;
      /** @type {(a: Float64Array, b: Float64Array) => Float64Array} */
      const sum = (a, b) => a.map((value, k) => value + b[k]);
      /** @type {Float64Array | null} */
      let layerInput = null;
      /** @type {Float64Array} */
      let states = new Float64Array(0);
      const first = this.encoderLayers.map((layer) => {
        const ways = layer.map((gru, backward) => {
          const projected = layerInput === null ? this.projectWords(gru, this.file.srcEmbedding, ids)
            : multiply(gru.input, layerInput, S, gru.inputBias);
          return this.readOneWay(gru, projected, S, backward === 1);
        });
        layerInput = sideBySide(ways[0].states, ways[1].states, S); // (S, 2H)
        states = sum(ways[0].states, ways[1].states); // (S, H)
        return sum(ways[0].last, ways[1].last); // (H)
      });
      const keys = this.key ? multiply(this.key, states, S, null) : states;
      return { length: S, states, keys, first };
    }

    /**
     * Return the attention weights (S) of the n-th of the decoder's states; a pinned position gets all the weight.
     * @param {RecurrentMemory} memory
     * @param {Float64Array} tops The decoder's states, (K, H).
     * @param {Float64Array | null} queries The projected states, (K, H), if the score has a projection for them.
     * @param {number} n
     * @param {number} pinned Source position, or -1.
     */
    weights(memory, tops, queries, n, pinned) {
      const S = memory.length, H = this.size, weights = new Float64Array(S);
      if (pinned >= 0) {
        weights[pinned] = 1;
        return weights;
      }
      for (let s = 0; s < S; s++) {
        if (!queries) weights[s] = dot(tops, n * H, memory.keys, s * H, H);
        else for (let k = 0; k < H; k++) weights[s] += Math.tanh(queries[n * H + k] + memory.keys[s * H + k]) * this.scoreVector[k];
      }
      const distances = this.distances(tops.subarray(n * H, (n + 1) * H), S), reach = this.file.description.reach;
      /** @type {(s: number) => boolean} */
      const allowed = (s) => !distances || Math.abs(distances[s]) <= reach;
      let most = -Infinity, total = 0;
      for (let s = 0; s < S; s++) if (allowed(s)) most = Math.max(most, weights[s]);
      for (let s = 0; s < S; s++) total += weights[s] = allowed(s) ? Math.exp(weights[s] - most) : 0;
      for (let s = 0; s < S; s++) weights[s] *= (distances ? Math.exp(-2 * (distances[s] / reach) ** 2) : 1) / total;
      return weights;
    }

    /**
     * Return, for local attention, the distance (S) of each source position from the one that the state predicts; else null.
     * @param {Float64Array} top The decoder's state, (H).
     * @param {number} length
     */
    distances(top, length) {
      if (!this.centre) return null;
      const hidden = multiply(this.centre.project, top, 1, null).map(Math.tanh);
      const centre = length * sigmoid(dot(hidden, 0, this.centre.vector, 0, this.size));
      return Float64Array.from({ length }, (_, s) => s - centre);
    }

    /**
     * Read one more word of K partial translations.
     * @param {number[]} ids (K).
     * @param {RecurrentMemory} memory
     * @param {Float64Array[][]} before K states: (H) for each layer.
     * @param {number} pinned Source position that gets all the attention, or -1.
     * @returns {ReadOutput}
     */
    read(ids, memory, before, pinned) {
      const K = ids.length, H = this.size;
      /** @type {Float64Array[]} */
      const states = [];
      this.decoderLayers.forEach((gru, layer) => {
        const projected = layer === 0 ? this.projectWords(gru, this.file.embedding, ids)
          : multiply(gru.input, states[layer - 1], K, gru.inputBias);
        const stacked = new Float64Array(K * H);
        before.forEach((state, n) => stacked.set(state[layer], n * H));
        states.push(this.gruStep(gru, projected, 0, stacked, K));
      });
      const tops = states[states.length - 1]; // (K, H)
      let joined = tops, weights = null;
      if (this.attends) {
        const queries = this.query ? multiply(this.query, tops, K, null) : null; // (K, H)
        weights = ids.map((_, n) => this.weights(memory, tops, queries, n, pinned)); // (K, S)
        joined = sideBySide(this.contexts(memory, weights), tops, K); // (K, 2H)
      }
      const after = ids.map((_, n) => states.map((layer) => layer.subarray(n * H, (n + 1) * H)));
      return { tops: multiply(this.combine, joined, K, null).map(Math.tanh), states: after, weights };
    }

    /**
     * Return the contexts (K, H): means of the encoder's states with the attention weights.
     * @param {RecurrentMemory} memory
     * @param {Float64Array[]} weights (K, S).
     */
    contexts(memory, weights) {
      const H = this.size, contexts = new Float64Array(weights.length * H);
      weights.forEach((row, n) => row.forEach((weight, s) => {
        for (let k = 0; k < H; k++) contexts[n * H + k] += weight * memory.states[s * H + k];
      }));
      return contexts;
    }
  }

  scope.s2sNetwork = { RecurrentNetwork };
});
self.s2sParts[self.s2sParts.length - 1](self);
