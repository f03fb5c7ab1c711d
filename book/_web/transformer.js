// The Transformer over typed arrays, for one sentence. It computes the same as s2s_tutorial/model/transformer.py.
//
// Sizes as in the book: S source length, K partial translations that are decoded together, H hidden, N heads, D = H / N size of
// a head. A state holds the keys and values of all words so far, one array for each word. They never change, so partial
// translations share them, and a step only adds those of one word.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  const { multiply, dot, takeRows } = scope.s2sMatrix;
  const EPSILON = 1e-5; // added to a variance, as in PyTorch's LayerNorm

  /**
   * Cut (count, H) into rows.
   * @param {Float64Array} values
   * @param {number} count
   */
  function rowsOf(values, count) {
    const size = values.length / count;
    return Array.from({ length: count }, (_, n) => values.subarray(n * size, (n + 1) * size));
  }

  /**
   * Apply a linear map to (count, columns); return (count, rows).
   * @param {Linear} linear
   * @param {Float64Array} vectors
   * @param {number} count
   */
  const apply = (linear, vectors, count) => multiply(linear.matrix, vectors, count, linear.bias);

  /**
   * Add two arrays of the same size.
   * @param {Float64Array} a
   * @param {Float64Array} b
   */
  const add = (a, b) => a.map((value, k) => value + b[k]);

  /**
   * Give each of `count` states mean 0 and variance 1, then scale and shift it.
   * @param {Norm} norm
   * @param {Float64Array} states (count, H).
   * @param {number} count
   */
  function normalise({ gain, bias }, states, count) {
    const H = gain.length, out = new Float64Array(states.length);
    for (let start = 0; start < count * H; start += H) {
      let sum = 0, squares = 0;
      for (let k = 0; k < H; k++) sum += states[start + k];
      const mean = sum / H;
      for (let k = 0; k < H; k++) squares += (states[start + k] - mean) ** 2;
      const scale = 1 / Math.sqrt(squares / H + EPSILON);
      for (let k = 0; k < H; k++) out[start + k] = (states[start + k] - mean) * scale * gain[k] + bias[k];
    }
    return out;
  }

  /**
   * Return the mean of the weights of N heads, (N, S) to (S).
   * @type {S2sTransformer["meanOf"]}
   */
  function meanOf(heads) {
    return heads[0].map((_, s) => heads.reduce((sum, head) => sum + head[s], 0) / heads.length);
  }

  /**
   * Compute the weights of one head: the softmax of its scaled scores. A pinned position gets all the weight.
   * @param {Float64Array} query (H).
   * @param {Float64Array[]} keys S times (H).
   * @param {number} start Position of the head in query and keys.
   * @param {number} size Size D of the head.
   * @param {number} pinned Position, or -1.
   */
  function headWeights(query, keys, start, size, pinned) {
    const S = keys.length, weights = new Float64Array(S), scale = 1 / Math.sqrt(size);
    if (pinned >= 0) {
      weights[pinned] = 1;
      return weights;
    }
    let most = -Infinity, total = 0;
    for (let s = 0; s < S; s++) most = Math.max(most, weights[s] = dot(query, start, keys[s], start, size) * scale);
    for (let s = 0; s < S; s++) total += weights[s] = Math.exp(weights[s] - most);
    for (let s = 0; s < S; s++) weights[s] /= total;
    return weights;
  }

  /** A Transformer read from its file. */
  class Transformer {
    /** @param {Weights} weights */
    constructor(weights) {
      const { hidden_size, num_layers, num_heads } = weights.description.model;
      this.file = weights;
      this.size = hidden_size;
      this.heads = num_heads;
      this.attends = true;
      const numbers = [...Array(num_layers).keys()];
      this.encoderLayers = numbers.map((n) => this.layer("encoder.layers." + n + "."));
      this.decoderLayers = numbers.map((n) => this.layer("decoder.layers." + n + "."));
      this.encoderNorm = this.norm("encoder.norm");
      this.decoderNorm = this.norm("decoder.norm");
    }

    /**
     * Return a linear map of the file.
     * @param {string} name
     * @returns {Linear}
     */
    linear(name) {
      return { matrix: this.file.matrix(name + ".weight"), bias: this.file.vector(name + ".bias") };
    }

    /**
     * Return a normalisation of the file.
     * @param {string} name
     * @returns {Norm}
     */
    norm(name) {
      return { gain: this.file.vector(name + ".weight"), bias: this.file.vector(name + ".bias") };
    }

    /**
     * Return the four maps of an attention with its normalisation.
     * @param {string} layer
     * @param {string} norm
     * @param {string} name
     * @returns {HeadedAttention}
     */
    attention(layer, norm, name) {
      const [query, key, value, output] = ["query", "key", "value", "output"].map((map) => this.linear(layer + name + "." + map));
      return { norm: this.norm(layer + norm), query, key, value, output };
    }

    /**
     * Return a layer; only a decoder's has cross-attention.
     * @param {string} name
     * @returns {TransformerLayer}
     */
    layer(name) {
      const isDecoder = name.startsWith("decoder");
      return {
        own: this.attention(name, isDecoder ? "norm_self" : "norm_attention", "self_attention"),
        cross: isDecoder ? this.attention(name, "norm_cross", "cross_attention") : null,
        norm: this.norm(name + "norm_feed_forward"),
        widen: this.linear(name + "feed_forward.widen"),
        narrow: this.linear(name + "feed_forward.narrow"),
      };
    }

    /**
     * Embed words, with their positions from `first` on; or, for the last words of K partial translations, all with that position.
     * @param {RoundedMatrix} embedding
     * @param {number[]} ids
     * @param {number} first
     * @param {boolean} together Whether all have the same position.
     */
    embed(embedding, ids, first, together) {
      const H = this.size, states = takeRows(embedding.tensor, embedding.scales, ids), scale = Math.sqrt(H);
      ids.forEach((_, n) => {
        const position = together ? first : first + n;
        for (let k = 0; k < H; k++) {
          const angle = position / 10000 ** ((k - (k % 2)) / H);
          states[n * H + k] = states[n * H + k] * scale + (k % 2 ? Math.cos(angle) : Math.sin(angle));
        }
      });
      return states;
    }

    /**
     * Compute keys and values of states, one row for each.
     * @param {HeadedAttention} attention
     * @param {Float64Array} states (count, H).
     * @param {number} count
     * @returns {KeysAndValues}
     */
    keysAndValues({ key, value }, states, count) {
      return { keys: rowsOf(apply(key, states, count), count), values: rowsOf(apply(value, states, count), count) };
    }

    /**
     * Let each of `count` states look at its own keys and values with all heads.
     * @param {HeadedAttention} attention
     * @param {Float64Array} normed (count, H).
     * @param {KeysAndValues[]} seen One for each state.
     * @param {number} pinned Position that gets all the weight, or -1.
     * @returns {{ out: Float64Array, weights: Float64Array[][] }} (count, H) and (count, N, S).
     */
    attend({ query, output }, normed, seen, pinned) {
      const count = seen.length, H = this.size, D = H / this.heads, contexts = new Float64Array(count * H);
      const weights = rowsOf(apply(query, normed, count), count).map((one, n) => Array.from({ length: this.heads }, (_, head) => {
        const { keys, values } = seen[n], start = head * D, found = headWeights(one, keys, start, D, pinned);
        for (let s = 0; s < keys.length; s++)
          for (let k = start; k < start + D; k++) contexts[n * H + k] += found[s] * values[s][k];
        return found;
      }));
      return { out: apply(output, contexts, count), weights };
    }

    /**
     * Add the result of the feed-forward network to states.
     * @param {TransformerLayer} layer
     * @param {Float64Array} states (count, H).
     * @param {number} count
     */
    feedForward({ norm, widen, narrow }, states, count) {
      const wide = apply(widen, normalise(norm, states, count), count).map((value) => Math.max(value, 0)); // (count, F)
      return add(states, apply(narrow, wide, count));
    }

    /**
     * Read a sentence of ids, with EOS at its end.
     * @param {number[]} ids
     * @param {Watch} [watch]
     * @returns {TransformerMemory}
     */
    encode(ids, watch) {
      const S = ids.length;
      let states = this.embed(this.file.srcEmbedding, ids, 0, false); // (S, H)
      this.encoderLayers.forEach((layer, number) => {
        const normed = normalise(layer.own.norm, states, S), seen = this.keysAndValues(layer.own, normed, S);
        const { out, weights } = this.attend(layer.own, normed, ids.map(() => seen), -1);
        if (watch) weights.forEach((heads) => watch("encoder", number, heads));
        states = this.feedForward(layer, add(states, out), S);
      });
      const top = normalise(this.encoderNorm, states, S);
      const sources = this.decoderLayers.map(({ cross }) => this.keysAndValues(/** @type {HeadedAttention} */ (cross), top, S));
      return { length: S, sources, first: this.decoderLayers.map(() => ({ keys: [], values: [] })) };
    }

    /**
     * Read one more word of K partial translations.
     * @param {number[]} ids (K).
     * @param {TransformerMemory} memory
     * @param {KeysAndValues[][]} before K states: for each layer, keys and values of the words so far.
     * @param {number} pinned Source position that gets all the attention over the source, or -1.
     * @param {Watch} [watch]
     * @returns {ReadOutput}
     */
    read(ids, memory, before, pinned, watch) {
      const K = ids.length, { sources } = memory;
      /** @type {KeysAndValues[][]} */
      const after = ids.map(() => []);
      /** @type {Float64Array[][]} */
      let looked = [];
      let states = this.embed(this.file.embedding, ids, before[0][0].keys.length, true); // (K, H)
      this.decoderLayers.forEach((layer, number) => {
        const normed = normalise(layer.own.norm, states, K), added = this.keysAndValues(layer.own, normed, K);
        before.forEach((state, n) => after[n].push({ keys: state[number].keys.concat(added.keys[n]), values: state[number].values.concat(added.values[n]) }));
        const own = this.attend(layer.own, normed, after.map((state) => state[number]), -1);
        states = add(states, own.out);
        const cross = /** @type {HeadedAttention} */ (layer.cross);
        const source = this.attend(cross, normalise(cross.norm, states, K), ids.map(() => sources[number]), pinned);
        if (watch) own.weights.forEach((heads, n) => { watch("decoder", number, heads); watch("cross", number, source.weights[n]); });
        looked = source.weights;
        states = this.feedForward(layer, add(states, source.out), K);
      });
      return { tops: normalise(this.decoderNorm, states, K), states: after, weights: looked.map(meanOf) };
    }
  }

  scope.s2sTransformer = { Transformer, meanOf };
});
self.s2sParts[self.s2sParts.length - 1](self);
