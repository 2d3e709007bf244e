import { randomStream } from '../core/random.js';
import { numElements } from '../core/shapes.js';
import { numParameters, parametersOf, type Layer } from './layers.js';

/**
 * Initial weights of a list of layers as one flat vector, drawn as PyTorch does by default: weight and bias uniform in
 * +-1/sqrt(fan in) (torch.nn.Linear and Conv2d, `reset_parameters`). Each parameter has a stream of its own, keyed by
 * (seed, name), so that neither cut nor thread changes it.
 */
export function initialWeights(layers: readonly Layer[], seed: number): Float32Array<ArrayBuffer> {
  const weights = new Float32Array(numParameters(layers));
  let offset = 0;
  for (const { name, shape, fanIn } of parametersOf(layers)) {
    const stream = randomStream(seed, 'init', name);
    const bound = 1 / Math.sqrt(fanIn);
    const end = offset + numElements(shape);
    for (; offset < end; offset++) weights[offset] = (2 * stream.uniform() - 1) * bound;
  }
  return weights;
}
