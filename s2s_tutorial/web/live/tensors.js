// Reading of an exported model's file.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  /**
   * Return the numbers that bytes hold. A number in bfloat16 is the upper half of one in 32 bits.
   * @param {string} dtype
   * @param {ArrayBuffer} buffer
   */
  function numbersOf(dtype, buffer) {
    if (dtype === "I8") return new Int8Array(buffer);
    return new Float32Array(dtype === "BF16" ? Uint32Array.from(new Uint16Array(buffer), (half) => half << 16).buffer : buffer);
  }

  /**
   * Read a safetensors file: the length of its header, the header as JSON, the numbers. It contains no code.
   * @type {S2sTensors["readTensors"]}
   */
  function readTensors(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const start = 8 + Number(view.getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
    /** @type {Map<string, Tensor>} */
    const tensors = new Map();
    for (const [name, entry] of Object.entries(header)) {
      if (name === "__metadata__") continue;
      const data = bytes.slice(start + entry.data_offsets[0], start + entry.data_offsets[1]); // the copy is aligned
      tensors.set(name, { shape: entry.shape, values: numbersOf(entry.dtype, data.buffer) });
    }
    return { tensors, description: JSON.parse(header.__metadata__.values) };
  }

  scope.s2sTensors = { readTensors };
});
self.s2sParts[self.s2sParts.length - 1](self);
