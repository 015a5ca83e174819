// The network that comes with digitlib, once for all figures of a page, and what happens in it on the way.

import { classify, readWeights } from "./pad.mjs";
import weights from "./weights.mjs";

export const network = readWeights(weights);

// What each layer hands on, of an image of 784 levels: the pixels from 0 to 1, what is left of each hidden layer's sums
// by its ReLU, and the scores, the last of which is for "not a digit".
export function passed(image) {
  const values = [Float32Array.from(image, (level) => level / 255)];
  network.layers.forEach(({ weight, bias, outputs }, layer) => {
    const sums = Float64Array.from(bias);
    values.at(-1).forEach((value, i) => {
      if (value === 0) return;
      for (let j = 0; j < outputs; j++) sums[j] += value * weight[i * outputs + j];
    });
    const last = layer === network.layers.length - 1;
    values.push(last ? sums : sums.map((sum) => Math.max(sum, 0)));
  });
  return values;
}

// { label, name, reason, probabilities } as the pad answers; null in the place of an image is a blank one.
export const answer = (image) => classify(network, image);
