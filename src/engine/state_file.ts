import { DataError } from '../core/errors.js';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../core/safetensors.js';
import { fromNamedTensors, toNamedTensors } from '../models/weights.js';
import { groupSizes, type SegmentSpec, type SegmentState } from './engine.js';
import { numSlots } from './optimizer.js';

/** The state of one segment among others in a file. */
export interface NamedState {
  /** What stands before the name of each of its tensors. */
  readonly prefix: string;
  readonly spec: SegmentSpec;
  readonly state: SegmentState;
}

/** A safetensors file of whole states of segments: weights by name, and each layer group's optimiser. */
export function encodeStates(states: readonly NamedState[]): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, StoredTensor>();
  for (const { prefix, spec, state } of states) {
    for (const [name, tensor] of toNamedTensors(spec.part.layers, state.weights, prefix))
      tensors.set(name, tensor);
    for (const [group, { step, slots }] of state.optimizers.entries()) {
      tensors.set(prefix + stepName(group), { shape: [1], data: Int32Array.of(step) });
      for (const [slot, data] of slots.entries())
        tensors.set(prefix + slotName(group, slot), { shape: [data.length], data });
    }
  }
  return encodeSafetensors(tensors);
}

/** Reads states from such a file by prefix and spec, which they must fit; `source` names it in errors. Throws DataError. */
export function decodeStates(
  file: Uint8Array,
  source: string,
): (prefix: string, spec: SegmentSpec) => SegmentState {
  const tensors = decodeSafetensors(file, source);
  return (prefix, spec) => ({
    weights: fromNamedTensors(spec.part.layers, tensors, source, prefix),
    optimizers: groupSizes(spec).map((size, group) => ({
      step: required(tensors, prefix + stepName(group), Int32Array, 1, source)[0],
      slots: Array.from({ length: numSlots[spec.groups[group].optimizer.name] }, (_, slot) =>
        required(tensors, prefix + slotName(group, slot), Float32Array, size, source),
      ),
    })),
  });
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
