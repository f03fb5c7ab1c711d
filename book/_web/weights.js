// The weights of an exported model, in the form in which the networks need them.
(self.s2sParts = self.s2sParts || []).push(function (scope) {
  "use strict";

  const { readTensors } = scope.s2sTensors;
  const { expand, OutputLayer } = scope.s2sMatrix;

  /** A model's file: its tensors by name, and the parts that every network has. */
  class Weights {
    /** @param {Uint8Array} bytes */
    constructor(bytes) {
      const { tensors, description } = readTensors(bytes);
      this.tensors = tensors;
      this.description = description;
      this.srcEmbedding = this.rounded("encoder.embedding.weight");
      this.embedding = this.rounded("decoder.embedding.weight");
      const tied = !tensors.has("decoder.own_output_weight"), output = tied ? this.embedding : this.rounded("decoder.own_output_weight");
      this.output = new OutputLayer(output.tensor, output.scales, this.vector("decoder.output_bias"));
    }

    /**
     * Return a tensor of the file.
     * @param {string} name
     */
    tensor(name) {
      const tensor = this.tensors.get(name);
      if (!tensor) throw new Error("The model's file has no " + name + ": export the run again.");
      return tensor;
    }

    /**
     * Return an 8-bit matrix with its scales.
     * @param {string} name
     * @returns {RoundedMatrix}
     */
    rounded(name) {
      return { tensor: this.tensor(name), scales: this.tensor(name + ".scale").values };
    }

    /**
     * Return columns of an 8-bit matrix as floats; all of them by default.
     * @param {string} name
     * @param {number} [from]
     * @param {number} [to]
     */
    matrix(name, from, to) {
      const { tensor, scales } = this.rounded(name);
      return expand(tensor, scales, from || 0, to || tensor.shape[1]);
    }

    /**
     * Return a vector of the file.
     * @param {string} name
     */
    vector(name) {
      return Float64Array.from(this.tensor(name).values);
    }

    /** Drop the tensors when a network has read them: of the 8-bit values, only embeddings and output layer are needed again. */
    clear() {
      this.tensors.clear();
    }
  }

  scope.s2sWeights = { Weights };
});
self.s2sParts[self.s2sParts.length - 1](self);
