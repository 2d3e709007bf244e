import { engineChoices } from '../../engine/choice.js';
import { autoOr, integer, nonEmptyText, oneOf } from '../formats.js';
import type { RunConfig } from '../run_config.js';
import type { Schema } from './key_schema.js';

/** What computes, and on how many threads and devices. */
export const machineKeys = {
  engine: {
    doc: 'What computes; auto: tensorflow where it is built and sees an NVIDIA GPU, else onnxruntime.',
    format: oneOf(engineChoices),
    default: 'auto',
    env: ['ENGINE'],
  },
  n_threads: {
    doc: 'Worker threads on which the clients live; auto: as many as GPUs are used, else as cores; never more than clients.',
    format: autoOr(integer(1, 1024)),
    default: 'auto',
  },
  devices: {
    doc: 'Devices that the worker threads share, comma-separated (gpu:0,gpu:2), or auto: all GPUs, else the processor.',
    format: nonEmptyText,
    default: 'auto',
  },
  tail_device: {
    doc: "Device of the server's tail, or auto: the last GPU, else the processor.",
    format: nonEmptyText,
    default: 'auto',
  },
  intra_op_threads: {
    doc: 'Threads that compute each operator together, in every head and tail (onnxruntime only). Other sums: changes last bits.',
    format: integer(1, 64),
    default: 1,
  },
  micro_batches: {
    doc: 'Parts of every batch that head and tail compute side by side on the cores, gradients added (onnxruntime only). Other sums: changes last bits.',
    format: integer(1, 64),
    default: 1,
  },
  max_clients: {
    doc: 'A run with more clients is refused: a guard against a slip of the key.',
    format: integer(1),
    default: 64,
  },
} satisfies Partial<Schema<RunConfig>>;
