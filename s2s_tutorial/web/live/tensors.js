// Reading of an exported model's file.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

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
      const values = entry.dtype === "I8" ? new Int8Array(data.buffer) : new Float32Array(data.buffer);
      tensors.set(name, { shape: entry.shape, values });
    }
    return { tensors, description: JSON.parse(header.__metadata__.values) };
  }

  scope.s2sTensors = { readTensors };
});
self.s2sParts[self.s2sParts.length - 1](self);
