// Probabilities of the next word, and words drawn by them.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  const EOS = 2; // the first word that a translation may have, after PAD and SOS

  /**
   * Return the log of the sum of exp(logits / temperature) over a row of V logits that begins at `start`, without PAD and SOS.
   * @type {S2sDrawing["logTotal"]}
   */
  function logTotal(logits, start, size, temperature) {
    let most = -Infinity, total = 0;
    for (let v = EOS; v < size; v++) if (logits[start + v] > most) most = logits[start + v];
    for (let v = EOS; v < size; v++) total += Math.exp((logits[start + v] - most) / temperature);
    return Math.log(total) + most / temperature;
  }

  /**
   * Return a generator of random numbers from 0 to 1 ("mulberry32"); the same seed repeats them.
   * @type {S2sDrawing["random"]}
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
   * Draw a word by its probability at a temperature; `chance` is a random number from 0 to 1.
   * @type {S2sDrawing["draw"]}
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

  scope.s2sDrawing = { logTotal, random, draw };
});
self.s2sParts[self.s2sParts.length - 1](self);
