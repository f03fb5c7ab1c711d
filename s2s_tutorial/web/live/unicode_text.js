// Text in any script, as in s2s_tutorial/data/unicode_text.py: how it is cleaned, cut into words, and joined again. The
// classes of characters come from the model's file, because a browser may have another version of Unicode than Python.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  const MARKER = "▁", LONGEST_RUN = 40;
  const MOST_RANGES = 20_000, LAST = 0x10ffff;
  const SCRIPTS = 0xe000; // the first of the characters that stand for letters of a script
  const BYTE = /^<0x([0-9A-F]{2})>$/;
  const SPACES = /[\p{White_Space}\x1c-\x1f]+/u;
  const WORD = new RegExp(" ?(?:([\\ue000-\\uf8ff])(?:\\1|m){0," + (LONGEST_RUN - 1) + "}|0{1," + LONGEST_RUN + "}|[^ ]|$)", "g");
  // Controls, soft hyphens, marks of direction, zero-width characters and tags; a zero-width (non-)joiner stays where it is
  // part of the spelling.
  const INVISIBLE = new RegExp("[\\x00-\\x1f\\x7f-\\x9f\\u00ad\\u034f\\u061c\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u2064\\u2066-\\u206f\\ufeff" +
    "\\ufff9-\\ufffb\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e007f}]|(?<![\\u0600-\\u1cff\\ua800-\\uabff\\u2600-\\u27bf\\ufe0f" +
    "\\u{11000}-\\u{11fff}\\u{1f000}-\\u{1faff}])[\\u200c\\u200d]", "gu");

  /** @type {(byte: number) => string} */
  const byteToken = (byte) => "<0x" + byte.toString(16).toUpperCase().padStart(2, "0") + ">";
  /** @type {(token: string) => boolean} */
  const isByte = (token) => BYTE.test(token);

  /**
   * Read the ranges of one class: pairs of a gap and a length, in base 36.
   * @param {string} text
   * @returns {[number, number][]} First and last character of each range.
   */
  function readRanges(text) {
    const numbers = text.split(" ").map((one) => (/^[0-9a-z]{1,5}$/.test(one) ? parseInt(one, 36) : NaN));
    /** @type {[number, number][]} */
    const ranges = [];
    let end = 0;
    for (let n = 0; n < numbers.length; n += 2) {
      const start = end + numbers[n];
      end = start + numbers[n + 1];
      if (!(end > start && end <= LAST + 1)) throw new Error("ranges of characters");
      ranges.push([start, end - 1]);
    }
    return ranges;
  }

  /** The classes of all characters. */
  class Classes {
    /** @param {ClassTable} table */
    constructor(table) {
      /** @type {CharacterClass[]} */
      this.ranges = [];
      let script = SCRIPTS;
      for (const [kind, classes] of Object.entries(table)) {
        for (const [name, text] of Object.entries(classes)) {
          const sign = kind === "letters" ? String.fromCharCode(script++) : kind === "modifiers" || name === "marks" ? "m" : name === "decimals" ? "0" : ".";
          for (const [first, last] of readRanges(text)) this.ranges.push({ first, last, kind, name, sign });
        }
      }
      this.ranges.sort((a, b) => a.first - b.first);
      if (script > 0xf8ff || this.ranges.length > MOST_RANGES || this.ranges.some(({ first }, n) => n > 0 && first <= this.ranges[n - 1].last))
        throw new Error("classes of characters");
      /** @type {Map<string, CharacterClass | null>} */
      this.known = new Map();
    }

    /**
     * Return the class of a character; null if it is a mark, a symbol or a space.
     * @param {string} character
     */
    of(character) {
      let found = this.known.get(character);
      if (found === undefined) {
        if (this.known.size > 10_000) this.known.clear();
        found = this.search(/** @type {number} */ (character.codePointAt(0)));
        this.known.set(character, found);
      }
      return found;
    }

    /**
     * Find the range of a character.
     * @param {number} code
     */
    search(code) {
      let low = 0, high = this.ranges.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.ranges[middle].last < code) low = middle + 1;
        else high = middle;
      }
      const range = this.ranges[low];
      return range && range.first <= code ? range : null;
    }

    /**
     * Return the text with a sign of its class for each character, by which WORD cuts it.
     * @param {string[]} characters
     */
    signs(characters) {
      return characters.map((character) => (character === " " ? " " : this.of(character)?.sign ?? ".")).join("");
    }

    /**
     * Return whether a text has a letter or a number.
     * @param {string} text
     */
    hasLetter(text) {
      return Array.from(text).some((character) => {
        const found = this.of(character);
        return found !== null && (found.kind !== "others" || found.name === "decimals" || found.name === "numbers");
      });
    }
  }

  /**
   * Compose accented letters (NFC), except where a character is unknown in Python's version: it changes nothing there.
   * @param {string} text
   * @param {ClassFinder} classes
   */
  function compose(text, classes) {
    let result = "", part = "";
    for (const character of text) {
      if (character < "\u0250" || classes.of(character)?.name !== "unassigned") part += character;
      else {
        result += part.normalize("NFC") + character;
        part = "";
      }
    }
    return result + part.normalize("NFC");
  }

  /**
   * Join the parts of a text that are separated by spaces.
   * @param {string} text
   */
  const singleSpaces = (text) => text.split(SPACES).filter(Boolean).join(" ");

  /**
   * Unify what looks the same, and remove what cannot be seen.
   * @type {S2sUnicode["clean"]}
   */
  function clean(text, classes) {
    const whole = singleSpaces(text).replace(/\p{Cs}/gu, "\ufffd");
    for (let before = whole; ;) {
      const after = compose(singleSpaces(before.replace(INVISIBLE, "")), classes);
      // NFC may move a mark in front of a joiner, which is then no part of the spelling any more.
      if (after === before || !/[\u200c\u200d]/.test(after)) return after;
      before = after;
    }
  }

  /**
   * Split a clean sentence into words; one after a space, and the first one, begins with the marker.
   * @type {S2sUnicode["splitWords"]}
   */
  function splitWords(text, classes) {
    if (!text) return [];
    const characters = Array.from(" " + text), hasMarker = text.includes(MARKER);
    const words = Array.from(classes.signs(characters).matchAll(WORD), (found) => characters.slice(found.index, found.index + found[0].length).join(""));
    return words.filter(Boolean).flatMap((word) => (hasMarker ? withoutMarker(word) : [word]))
      .map((word) => (word[0] === " " ? MARKER + word.slice(1) : word));
  }

  /**
   * Replace a marker that is part of the text by its bytes.
   * @param {string} word
   */
  function withoutMarker(word) {
    return word.endsWith(MARKER) ? [...word.slice(0, -1), "<0xE2>", "<0x96>", "<0x81>"] : [word];
  }

  /**
   * Join words, or pieces of words, into clean text.
   * @type {S2sUnicode["joinTokens"]}
   */
  function joinTokens(tokens, classes) {
    let text = "";
    /** @type {number[]} */
    let bytes = [];
    const decode = () => {
      if (bytes.length) text += new TextDecoder("utf-8", { ignoreBOM: true }).decode(new Uint8Array(bytes));
      bytes = [];
    };
    for (const token of tokens) {
      const byte = BYTE.exec(token);
      if (byte) bytes.push(parseInt(byte[1], 16));
      else {
        decode();
        text += token.replaceAll(MARKER, " ");
      }
    }
    decode();
    return clean(text, classes);
  }

  /**
   * Return the positions of the pieces with which words begin.
   * @type {S2sUnicode["firstTokens"]}
   */
  function firstTokens(tokens, classes) {
    const whole = tokens.map((token) => (isByte(token) ? "." : token.replaceAll(MARKER, " "))).join("");
    const matches = Array.from(classes.signs(Array.from(whole)).matchAll(WORD)).filter((found) => found[0]);
    const starts = new Set(matches.map((found) => found.index));
    let position = 0;
    return [...tokens.keys()].filter((n) => {
      const continues = isByte(tokens[n]) && n > 0 && (isByte(tokens[n - 1]) || tokens[n - 1] === MARKER);
      const begins = n === 0 || (starts.has(position) && !continues);
      position += isByte(tokens[n]) ? 1 : Array.from(tokens[n]).length;
      return begins;
    });
  }

  scope.s2sUnicode = { MARKER, Classes, byteToken, isByte, clean, splitWords, joinTokens, firstTokens };
});
self.s2sParts[self.s2sParts.length - 1](self);
