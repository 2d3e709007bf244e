import { randomStream, type RandomStream } from '../core/random.js';
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
  for (const { name, shape, initial } of parametersOf(layers)) {
    const values = weights.subarray(offset, (offset += numElements(shape)));
    if ('constant' in initial) values.fill(initial.constant);
    else fillUniformly(values, initial.fanIn, randomStream(seed, 'init', name));
  }
  return weights;
}

function fillUniformly(values: Float32Array, fanIn: number, stream: RandomStream): void {
  const bound = 1 / Math.sqrt(fanIn);
  for (let index = 0; index < values.length; index++) values[index] = (2 * stream.uniform() - 1) * bound;
}
