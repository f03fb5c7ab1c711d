// Products of matrices and vectors, which take most of a network's time.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  const WIDTH = 8; // rows that are worked on at a time
  const FIRST = 2; // the smallest id that a translation may have: EOS, after PAD and SOS
  const AGAIN = 16; // logits per step that are computed again, exactly

  /**
   * Return columns `from` to `to` of an 8-bit matrix as floats, its rows interleaved in groups of eight: the eight values of a
   * column are adjacent, so that a product reads memory in one direction. It is twice as fast as with row after row.
   * @type {S2sMatrix["expand"]}
   */
  function expand(tensor, scales, from, to) {
    const [rows, all] = tensor.shape, columns = to - from;
    const data = new Float32Array(Math.ceil(rows / WIDTH) * WIDTH * columns);
    for (let row = 0; row < rows; row++) {
      let target = Math.floor(row / WIDTH) * WIDTH * columns + (row % WIDTH), source = row * all + from;
      for (let column = 0; column < columns; column++, target += WIDTH) data[target] = tensor.values[source++] * scales[row];
    }
    return { rows, columns, data };
  }

  /**
   * Multiply eight interleaved rows by one vector and write the sums into `out`, from `to` to before `end`.
   * @param {Float32Array} data
   * @param {number} at Position of the rows in `data`.
   * @param {Float64Array} vector
   * @param {number} from Position of the vector in `vector`.
   * @param {number} columns
   * @param {Float64Array} out
   * @param {number} to
   * @param {number} end
   */
  function eightRows(data, at, vector, from, columns, out, to, end) {
    let s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
    for (let k = from, stop = from + columns; k < stop; k++, at += 8) {
      const value = vector[k];
      s0 += data[at] * value; s1 += data[at + 1] * value; s2 += data[at + 2] * value; s3 += data[at + 3] * value;
      s4 += data[at + 4] * value; s5 += data[at + 5] * value; s6 += data[at + 6] * value; s7 += data[at + 7] * value;
    }
    if (to + 8 <= end) {
      out[to] = s0; out[to + 1] = s1; out[to + 2] = s2; out[to + 3] = s3; out[to + 4] = s4; out[to + 5] = s5; out[to + 6] = s6; out[to + 7] = s7;
    } else [s0, s1, s2, s3, s4, s5, s6, s7].slice(0, end - to).forEach((sum, k) => { out[to + k] = sum; });
  }

  /**
   * Multiply a matrix by vectors (count, columns), and add the bias if there is one; return (count, rows).
   * @type {S2sMatrix["multiply"]}
   */
  function multiply(matrix, vectors, count, bias) {
    const { rows, columns, data } = matrix, out = new Float64Array(count * rows);
    for (let row = 0; row < rows; row += WIDTH)
      for (let n = 0; n < count; n++) eightRows(data, row * columns, vectors, n * columns, columns, out, n * rows + row, (n + 1) * rows);
    if (bias) for (let n = 0, to = 0; n < count; n++) for (let row = 0; row < rows; row++) out[to++] += bias[row];
    return out;
  }

  /**
   * Return the product of two vectors inside longer arrays.
   * @type {S2sMatrix["dot"]}
   */
  function dot(a, aStart, b, bStart, size) {
    let sum = 0;
    for (let k = 0; k < size; k++) sum += a[aStart + k] * b[bStart + k];
    return sum;
  }

  /**
   * Join (count, A) and (count, B), row by row, to (count, A + B).
   * @type {S2sMatrix["sideBySide"]}
   */
  function sideBySide(left, right, count) {
    const a = left.length / count, b = right.length / count, joined = new Float64Array(left.length + right.length);
    for (let n = 0; n < count; n++) {
      joined.set(left.subarray(n * a, (n + 1) * a), n * (a + b));
      joined.set(right.subarray(n * b, (n + 1) * b), n * (a + b) + a);
    }
    return joined;
  }

  /**
   * Return rows of an 8-bit matrix as floats, (number of ids, columns).
   * @type {S2sMatrix["takeRows"]}
   */
  function takeRows(tensor, scales, ids) {
    const columns = tensor.shape[1], out = new Float64Array(ids.length * columns);
    ids.forEach((id, n) => {
      for (let k = 0; k < columns; k++) out[n * columns + k] = Math.fround(tensor.values[id * columns + k] * scales[id]);
    });
    return out;
  }

  // The output layer is half of all work, and most of it is for words that are not chosen. So two of its 8-bit rows share
  // one double, upper · 2^26 + lower, and one multiplication computes both. This is exact if the vector, too, is made of
  // whole numbers whose absolute values add up to at most 2^25 / 127, because then neither half overflows into the other.
  const SHIFT = 2 ** 26, BUDGET = 2 ** 25 / 127;

  /**
   * Return the rows of an 8-bit matrix in pairs: row r of the result holds rows r and r + half.
   * @param {Tensor} tensor
   */
  function pair(tensor) {
    const [rows, columns] = tensor.shape, pairs = Math.ceil(rows / 8) * 4, data = new Float64Array(pairs * columns);
    for (let k = 0; k < pairs * columns; k++) data[k] = tensor.values[k] * SHIFT + (tensor.values[k + pairs * columns] || 0);
    return data;
  }

  /**
   * Multiply all pairs of rows by one vector, four at a time. This is separate from eightRows, because a function that is called
   * with two types of arrays is slow.
   * @param {Float64Array} data
   * @param {number} pairs
   * @param {number} columns
   * @param {Float64Array} vector
   * @param {number} from Position of the vector in `vector`.
   * @param {Float64Array} out (pairs).
   */
  function multiplyPairs(data, pairs, columns, vector, from, out) {
    for (let row = 0; row < pairs; row += 4) {
      const a = row * columns - from, b = a + columns, c = b + columns, d = c + columns;
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (let k = from, stop = from + columns; k < stop; k++) {
        const value = vector[k];
        s0 += data[a + k] * value; s1 += data[b + k] * value; s2 += data[c + k] * value; s3 += data[d + k] * value;
      }
      out[row] = s0; out[row + 1] = s1; out[row + 2] = s2; out[row + 3] = s3;
    }
  }

  /** The output layer (V, H). */
  class OutputLayer {
    /**
     * @param {Tensor} tensor
     * @param {ArrayLike<number>} scales
     * @param {Float64Array} bias
     */
    constructor(tensor, scales, bias) {
      this.tensor = tensor;
      this.scales = scales;
      this.bias = bias;
      this.data = pair(tensor);
      this.rows = tensor.shape[0];
      this.columns = tensor.shape[1];
    }

    /**
     * Return logits (count, V): all to about three decimals, and the highest few of each vector exactly.
     * @param {Float64Array} vectors (count, H).
     * @param {number} count
     */
    logits(vectors, count) {
      const { rows, columns } = this, pairs = this.data.length / columns;
      const whole = new Float64Array(vectors.length), sums = new Float64Array(pairs), out = new Float64Array(count * rows);
      for (let n = 0; n < count; n++) {
        let total = 0;
        for (let k = n * columns; k < (n + 1) * columns; k++) total += Math.abs(vectors[k]);
        const unit = total > 0 ? (BUDGET - columns / 2) / total : 1; // rounding may add a half to each
        for (let k = n * columns; k < (n + 1) * columns; k++) whole[k] = Math.round(vectors[k] * unit);
        multiplyPairs(this.data, pairs, columns, whole, n * columns, sums);
        for (let row = 0, start = n * rows; row < pairs; row++) {
          const upper = Math.round(sums[row] / SHIFT), other = row + pairs;
          if (row < rows) out[start + row] = (upper * this.scales[row]) / unit + this.bias[row];
          if (other < rows) out[start + other] = ((sums[row] - upper * SHIFT) * this.scales[other]) / unit + this.bias[other];
        }
        for (const row of largest(out, n * rows, rows, AGAIN)) out[n * rows + row] = this.exactly(row, vectors, n * columns);
      }
      return out;
    }

    /**
     * Return one logit exactly.
     * @param {number} row
     * @param {Float64Array} vectors
     * @param {number} start Position of the vector in `vectors`.
     */
    exactly(row, vectors, start) {
      let sum = 0;
      for (let k = 0; k < this.columns; k++) sum += this.tensor.values[row * this.columns + k] * vectors[start + k];
      return sum * this.scales[row] + this.bias[row];
    }
  }

  /**
   * Return the ids of the `count` largest values of a row of logits that begins at `start`, without PAD and SOS, largest first.
   * @type {S2sMatrix["largest"]}
   */
  function largest(logits, start, size, count) {
    /** @type {number[]} */
    const best = [];
    for (let v = FIRST; v < size; v++) {
      const value = logits[start + v];
      if (best.length === count && value <= logits[start + best[count - 1]]) continue;
      let rank = best.length < count ? best.length : count - 1;
      for (; rank > 0 && logits[start + best[rank - 1]] < value; rank--) best[rank] = best[rank - 1];
      best[rank] = v;
    }
    return best;
  }

  scope.s2sMatrix = { expand, multiply, dot, sideBySide, takeRows, OutputLayer, largest };
});
self.s2sParts[self.s2sParts.length - 1](self);
