// Vocabularies of words and of pieces of words, as in s2s_tutorial/data/pieces.py and subwords.py.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  const SPECIAL = ["<pad>", "<sos>", "<eos>", "<unk>"];
  const MOST = 1_000_000; // entries that are read
  const LONGEST = 41; // characters of a piece, with the marker
  const MOST_REMEMBERED = 20_000; // words whose pieces are kept
  const ODD = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}]/u; // no piece has such a character
  const { byteToken } = scope.s2sUnicode;

  /**
   * Read the merges of a vocabulary, each of two pieces that are known by then.
   * @param {string[]} lines
   * @param {Set<string>} known The special words, bytes and characters; the joined pieces are added.
   */
  function readMerges(lines, known) {
    /** @type {Map<string, number>} */
    const ranks = new Map();
    for (const line of lines) {
      const [first, second, more] = line.split(" "), joined = first + second;
      if (more !== undefined || SPECIAL.includes(first) || scope.s2sUnicode.isByte(first) || !known.has(first) || !second || !known.has(second) ||
        joined.length > 2 * LONGEST || Array.from(joined).length > LONGEST || ranks.has(line)) throw new Error("merges");
      ranks.set(line, ranks.size);
      known.add(joined);
    }
    return ranks;
  }

  /** Words, or pieces of words, and their ids. */
  class Vocabulary {
    /**
     * @param {string | ListedPieces} listed
     * @param {number} size Number of entries that the network has.
     */
    constructor(listed, size) {
      const known = new Set(SPECIAL);
      /** @type {Map<string, number> | null} The number of each merge in the order of learning; null for words. */
      this.ranks = null;
      if (typeof listed === "string") for (const word of listed.split(" ")) word && known.add(word);
      else this.ranks = this.readPieces(listed, known);
      if (known.size !== size) throw new Error("number of words");
      /** @type {string[]} */
      this.words = [...known];
      this.ids = new Map(this.words.map((word, id) => [word, id]));
      /** @type {Map<string, string[]>} */
      this.cuts = new Map();
    }

    /**
     * Read characters and merges.
     * @param {ListedPieces} listed
     * @param {Set<string>} known
     */
    readPieces({ alphabet, merges }, known) {
      const characters = Array.from(alphabet), lines = merges ? merges.split("\n") : [];
      if (characters.length + lines.length > MOST || ODD.test(alphabet) || new Set(characters).size !== characters.length) throw new Error("characters");
      for (let byte = 0; byte < 256; byte++) known.add(byteToken(byte));
      for (const character of characters) known.add(character);
      return readMerges(lines, known);
    }

    /**
     * Return the tokens of words: the words themselves, or their pieces.
     * @param {string[]} words
     */
    tokens(words) {
      return this.ranks ? words.flatMap((word) => this.cut(word)) : words;
    }

    /**
     * Cut a word into pieces.
     * @param {string} word
     * @returns {string[]}
     */
    cut(word) {
      let pieces = this.cuts.get(word);
      if (pieces) return pieces;
      if (this.cuts.size >= MOST_REMEMBERED) this.cuts.clear();
      pieces = this.merge(this.spell(word));
      this.cuts.set(word, pieces);
      return pieces;
    }

    /**
     * Split a word into characters; one that is not in the vocabulary becomes its bytes.
     * @param {string} word
     */
    spell(word) {
      if (scope.s2sUnicode.isByte(word)) return [word];
      return Array.from(word).flatMap((character) =>
        (this.ids.has(character) ? [character] : Array.from(new TextEncoder().encode(character), byteToken)));
    }

    /**
     * Join the pieces of a word as the merges say, the one that was learned first at first.
     * @param {string[]} pieces
     */
    merge(pieces) {
      for (;;) {
        let best = Infinity, start = -1;
        for (let n = 0; n + 1 < pieces.length; n++) {
          const rank = this.ranks?.get(pieces[n] + " " + pieces[n + 1]) ?? Infinity;
          if (rank < best) [best, start] = [rank, n];
        }
        if (start < 0) return pieces;
        pieces.splice(start, 2, pieces[start] + pieces[start + 1]);
      }
    }
  }

  scope.s2sPieces = { SPECIAL, Vocabulary };
});
self.s2sParts[self.s2sParts.length - 1](self);
