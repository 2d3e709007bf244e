import { DataError } from '../core/errors.js';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../core/safetensors.js';
import { fromNamedTensors, toNamedTensors } from '../models/weights.js';
import { groupSizes, type SegmentSpec, type SegmentState } from './engine.js';
import { numSlots } from './optimizer.js';

/** A safetensors file of a segment's whole state: weights by name, and each layer group's optimiser. */
export function encodeState(
  { part }: SegmentSpec,
  { weights, optimizers }: SegmentState,
): Uint8Array<ArrayBuffer> {
  const tensors = toNamedTensors(part.layers, weights);
  for (const [group, { step, slots }] of optimizers.entries()) {
    tensors.set(stepName(group), { shape: [1], data: Int32Array.of(step) });
    for (const [slot, data] of slots.entries())
      tensors.set(slotName(group, slot), { shape: [data.length], data });
  }
  return encodeSafetensors(tensors);
}

/** The state in such a file, which must fit the spec; `source` names it in errors. Throws DataError. */
export function decodeState(spec: SegmentSpec, file: Uint8Array, source: string): SegmentState {
  const tensors = decodeSafetensors(file, source);
  return {
    weights: fromNamedTensors(spec.part.layers, tensors, source),
    optimizers: groupSizes(spec).map((size, group) => ({
      step: required(tensors, stepName(group), Int32Array, 1, source)[0],
      slots: Array.from({ length: numSlots[spec.groups[group].optimizer.name] }, (_, slot) =>
        required(tensors, slotName(group, slot), Float32Array, size, source),
      ),
    })),
  };
}

const stepName = (group: number) => `optimizer.${group}.step`;
const slotName = (group: number, slot: number) => `optimizer.${group}.slot.${slot}`;

function required<T extends StoredTensor['data']>(
  tensors: ReadonlyMap<string, StoredTensor>,
  name: string,
  ArrayType: new (length: number) => T,
  length: number,
  source: string,
): T {
  const data = tensors.get(name)?.data;
  if (data instanceof ArrayType && data.length === length) return data;
  throw new DataError(
    'ERR_STATE',
    `"${source}" does not fit this run: it should hold ${length} values "${name}". It belongs to a run with another model, ` +
      'cut or optimiser.',
    { source, name },
  );
}
