import { DataError } from '../core/errors.js';
import { decodeSafetensors, dtypeOf, encodeSafetensors, type StoredTensor } from '../core/safetensors.js';
import { formatShape, numElements, sameShape } from '../core/shapes.js';
import { numParameters, parametersOf, type Layer } from './layers.js';

/** The parameters of a flat weight vector by name, each name after `prefix`. */
export function toNamedTensors(
  layers: readonly Layer[],
  weights: Float32Array<ArrayBuffer>,
  prefix = '',
): Map<string, StoredTensor> {
  let offset = 0;
  return new Map(
    parametersOf(layers).map(({ name, shape }) => {
      const data = weights.subarray(offset, (offset += numElements(shape)));
      return [prefix + name, { shape, data }];
    }),
  );
}

/** The flat weight vector from named tensors. Throws DataError where one is missing or of another shape. */
export function fromNamedTensors(
  layers: readonly Layer[],
  tensors: ReadonlyMap<string, StoredTensor>,
  source: string,
  prefix = '',
): Float32Array<ArrayBuffer> {
  const weights = new Float32Array(numParameters(layers));
  let offset = 0;
  for (const { name, shape } of parametersOf(layers)) {
    const tensor = tensors.get(prefix + name);
    if (!tensor || !(tensor.data instanceof Float32Array) || !sameShape(tensor.shape, shape)) {
      const found = tensor ? `it is ${dtypeOf(tensor.data)} ${formatShape(tensor.shape)}` : 'it is missing';
      throw new DataError(
        'ERR_WEIGHTS',
        `"${source}" does not fit the model: it should hold "${prefix + name}" as F32 ${formatShape(shape)}, but ` +
          `${found}. Use the file that belongs to this \`model\`, \`dataset\` and \`cut\`.`,
        { source, name: prefix + name },
      );
    }
    weights.set(tensor.data, offset);
    offset += numElements(shape);
  }
  return weights;
}

/** A safetensors file of a flat weight vector. */
export function encodeWeights(layers: readonly Layer[], weights: Float32Array<ArrayBuffer>): Uint8Array {
  return encodeSafetensors(toNamedTensors(layers, weights));
}

/** The flat weight vector from a safetensors file; `source` names the file in errors. */
export function decodeWeights(
  layers: readonly Layer[],
  file: Uint8Array,
  source: string,
  prefix = '',
): Float32Array<ArrayBuffer> {
  return fromNamedTensors(layers, decodeSafetensors(file, source), source, prefix);
}
