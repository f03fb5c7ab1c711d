// The network itself: encoder, attention and decoder over typed arrays, for one sentence. It does what encoder.py,
// attention.py, decoder.py and layers.py of s2s_tutorial do, and tensors have the same names as there.
//
// Sizes as in the book: S source length, K partial translations that are decoded side by side, H hidden, V words, L layers.
// Numbers are added up in double precision; weights are the 8-bit ones, expanded once when a model is read.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  const { expand, multiply, takeRows, OutputLayer } = scope.s2sMatrix;
  const REMEMBERED = 4000; // words whose products with the first layer's weights are kept

  // A safetensors file: the length of its header, the header as JSON, the numbers. Nothing in it can run.
  function readTensors(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const start = 8 + Number(view.getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
    const tensors = new Map();
    for (const [name, entry] of Object.entries(header)) {
      if (name === "__metadata__") continue;
      const data = bytes.slice(start + entry.data_offsets[0], start + entry.data_offsets[1]); // aligned by copying
      const values = entry.dtype === "I8" ? new Int8Array(data.buffer) : new Float32Array(data.buffer);
      tensors.set(name, { shape: entry.shape, values });
    }
    return { tensors, description: JSON.parse(header.__metadata__.values) };
  }

  // Row by row: (count, H) and (count, H) to (count, 2H).
  function sideBySide(left, right, count) {
    const size = left.length / count, joined = new Float64Array(2 * left.length);
    for (let n = 0; n < count; n++) {
      joined.set(left.subarray(n * size, (n + 1) * size), 2 * n * size);
      joined.set(right.subarray(n * size, (n + 1) * size), (2 * n + 1) * size);
    }
    return joined;
  }

  const sigmoid = (value) => 1 / (1 + Math.exp(-value));

  function dot(a, aStart, b, bStart, size) {
    let sum = 0;
    for (let k = 0; k < size; k++) sum += a[aStart + k] * b[bStart + k];
    return sum;
  }

  class Network {
    constructor(bytes) {
      const { tensors, description } = readTensors(bytes);
      this.tensors = tensors;
      this.description = description;
      const { hidden_size, num_layers, attention } = description.model;
      this.size = hidden_size;
      this.attention = attention;
      this.srcEmbedding = this.rounded("encoder.embedding.weight");
      this.embedding = this.rounded("decoder.embedding.weight");
      const tied = !tensors.has("decoder.own_output_weight"), output = tied ? this.embedding : this.rounded("decoder.own_output_weight");
      this.output = new OutputLayer(output.tensor, output.scales, this.vector("decoder.output_bias"));
      this.combine = this.matrix("decoder.combine.weight");
      this.encoderLayers = [];
      this.decoderLayers = [];
      for (let layer = 0; layer < num_layers; layer++) {
        const name = "encoder.layers." + layer + ".";
        this.encoderLayers.push([this.gru(name, "_l0"), this.gru(name, "_l0_reverse")]);
        this.decoderLayers.push(this.gru("decoder.layers." + layer + ".", "_l0"));
      }
      this.readScore(attention === "local-p" ? "general" : attention);
      if (attention === "local-p") {
        this.place = this.matrix("decoder.attention.project.weight");
        this.placeVector = this.vector("decoder.attention.vector");
      }
      this.tensors = null; // of the 8-bit values, only the embeddings and the output layer are needed again
    }

    rounded(name) {
      if (!this.tensors.has(name)) throw new Error("The model's file has no " + name + ": export the run again.");
      return { tensor: this.tensors.get(name), scales: this.tensors.get(name + ".scale").values };
    }

    matrix(name, from, to) {
      const { tensor, scales } = this.rounded(name);
      return expand(tensor, scales, from || 0, to || tensor.shape[1]);
    }

    vector(name) {
      return Float64Array.from(this.tensors.get(name).values);
    }

    gru(layer, end) {
      return {
        input: this.matrix(layer + "weight_ih" + end), inputBias: this.vector(layer + "bias_ih" + end),
        state: this.matrix(layer + "weight_hh" + end), stateBias: this.vector(layer + "bias_hh" + end),
        known: new Map(),
      };
    }

    readScore(name) {
      const score = "decoder.attention.score.", H = this.size;
      this.key = this.query = this.scoreVector = null;
      if (name === "general") this.key = this.matrix(score + "project.weight");
      if (name === "concat") {
        this.query = this.matrix(score + "project.weight", 0, H);
        this.key = this.matrix(score + "project.weight", H, 2 * H);
      }
      if (name === "additive") {
        this.query = this.matrix(score + "project_query.weight");
        this.key = this.matrix(score + "project_key.weight");
      }
      if (this.query) this.scoreVector = this.vector(score + "vector");
    }

    // W · embedding of each word, of a GRU's input side. Words recur (every sentence has an EOS), so the products are kept.
    projectWords(gru, embedding, ids) {
      const rows = gru.input.rows, out = new Float64Array(ids.length * rows);
      if (gru.known.size > REMEMBERED) gru.known.clear();
      const missing = [...new Set(ids)].filter((id) => !gru.known.has(id));
      if (missing.length) {
        const vectors = takeRows(embedding.tensor, embedding.scales, missing);
        const found = multiply(gru.input, vectors, missing.length, gru.inputBias);
        missing.forEach((id, n) => gru.known.set(id, found.slice(n * rows, (n + 1) * rows)));
      }
      ids.forEach((id, n) => out.set(gru.known.get(id), n * rows));
      return out;
    }

    // One step of a GRU for `count` states: projected inputs (count, 3H) from `start` on and states (count, H).
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

    // One direction over a sentence: all states (S, H) and the last one.
    readOneWay(gru, projected, length, backward) {
      const H = this.size, states = new Float64Array(length * H);
      let state = new Float64Array(H);
      for (let n = 0; n < length; n++) {
        const place = backward ? length - 1 - n : n;
        state = this.gruStep(gru, projected, 3 * place * H, state, 1);
        states.set(state, place * H);
      }
      return { states, last: state };
    }

    // Read a sentence of ids, EOS at its end: its states and keys (S, H), and the first states of the decoder's layers.
    encode(ids) {
      const S = ids.length, H = this.size, sum = (a, b) => a.map((value, k) => value + b[k]);
      let layerInput = null, ways = null;
      const first = this.encoderLayers.map((layer) => {
        ways = layer.map((gru, backward) => {
          const projected = layerInput === null ? this.projectWords(gru, this.srcEmbedding, ids)
            : multiply(gru.input, layerInput, S, gru.inputBias);
          return this.readOneWay(gru, projected, S, backward === 1);
        });
        layerInput = sideBySide(ways[0].states, ways[1].states, S);
        return sum(ways[0].last, ways[1].last);
      });
      const states = sum(ways[0].states, ways[1].states);
      const keys = this.key ? multiply(this.key, states, S, null) : states;
      return { length: S, states, keys, first };
    }

    // Attention weights (S) of the n-th of the decoder's states; a pinned position gets all the weight.
    weights(memory, tops, queries, n, pinned) {
      const S = memory.length, H = this.size, weights = new Float64Array(S);
      if (pinned >= 0) {
        weights[pinned] = 1;
        return weights;
      }
      for (let s = 0; s < S; s++) {
        if (!this.query) weights[s] = dot(tops, n * H, memory.keys, s * H, H);
        else for (let k = 0; k < H; k++) weights[s] += Math.tanh(queries[n * H + k] + memory.keys[s * H + k]) * this.scoreVector[k];
      }
      const distances = this.place ? this.distances(tops.subarray(n * H, (n + 1) * H), S) : null, reach = this.description.reach;
      const allowed = (s) => !distances || Math.abs(distances[s]) <= reach;
      let most = -Infinity, total = 0;
      for (let s = 0; s < S; s++) if (allowed(s)) most = Math.max(most, weights[s]);
      for (let s = 0; s < S; s++) total += weights[s] = allowed(s) ? Math.exp(weights[s] - most) : 0;
      for (let s = 0; s < S; s++) weights[s] *= (distances ? Math.exp(-2 * (distances[s] / reach) ** 2) : 1) / total;
      return weights;
    }

    // Local-p: the distance of each source position from the one that the state predicts.
    distances(top, length) {
      const hidden = multiply(this.place, top, 1, null).map(Math.tanh);
      const centre = length * sigmoid(dot(hidden, 0, this.placeVector, 0, this.size));
      return Float64Array.from({ length }, (_, s) => s - centre);
    }

    // One step for K partial translations: the ids of their last words, and the states (K, H) of each layer.
    // Returns logits (K, V), the next states, and K rows of attention weights, or null without attention.
    step(ids, memory, before, pinned) {
      const K = ids.length, H = this.size, states = [];
      this.decoderLayers.forEach((gru, layer) => {
        const projected = layer === 0 ? this.projectWords(gru, this.embedding, ids)
          : multiply(gru.input, states[layer - 1], K, gru.inputBias);
        states.push(this.gruStep(gru, projected, 0, before[layer], K));
      });
      const tops = states[states.length - 1];
      let joined = tops, weights = null;
      if (this.attention !== "none") {
        const queries = this.query ? multiply(this.query, tops, K, null) : null;
        weights = ids.map((_, n) => this.weights(memory, tops, queries, n, pinned));
        const contexts = new Float64Array(K * H);
        weights.forEach((row, n) => row.forEach((weight, s) => {
          for (let k = 0; k < H; k++) contexts[n * H + k] += weight * memory.states[s * H + k];
        }));
        joined = sideBySide(contexts, tops, K);
      }
      const attentional = multiply(this.combine, joined, K, null).map(Math.tanh);
      const logits = this.output.logits(attentional, K);
      return { logits, states, weights };
    }
  }

  scope.s2sNetwork = { Network };
});
self.s2sParts[self.s2sParts.length - 1](self);
