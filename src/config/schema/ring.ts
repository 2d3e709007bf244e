import { handoffs } from '../../link/messages.js';
import { integer, oneOf } from '../formats.js';
import type { RunConfig } from '../run_config.js';
import type { Schema } from './key_schema.js';

/** How long, with how many clients, and what goes from one to the next. */
export const ringKeys = {
  n_epochs: {
    doc: 'Passes over every shard.',
    format: integer(1),
    default: 5,
    env: ['EPOCHS'],
  },
  n_workers: {
    doc: 'Clients (data holders).',
    format: integer(1),
    default: 4,
    env: ['WORKERS'],
    flags: ['num-workers'],
  },
  local_epochs: {
    doc: 'Passes of a client before its head goes on, or is averaged; must divide n_epochs. 1 is the classical ring.',
    format: integer(1),
    default: 1,
  },
  handoff: {
    doc: "What moves with the head round the ring: its optimiser's state too (then the ring equals the unsplit model), or its weights alone.",
    format: oneOf(handoffs),
    default: 'weights_and_optimizer',
  },
} satisfies Partial<Schema<RunConfig>>;
