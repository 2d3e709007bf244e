import { integer, listOf, oneOf, positive, real, text } from '../formats.js';
import { onClientLoss, type RunConfig } from '../run_config.js';
import type { Schema } from './key_schema.js';

/** What a run does where something goes wrong. */
export const faultsKeys: Schema<
  Pick<
    RunConfig,
    | 'skip_visits'
    | 'checkpoint_every'
    | 'checkpoint_min_s'
    | 'keep_checkpoints'
    | 'on_client_loss'
    | 'max_retries'
    | 'call_timeout_s'
    | 'chaos'
  >
> = {
  skip_visits: {
    doc: 'Visits that are left out, comma-separated, as client@round, both from 0.',
    format: listOf(/^\d+@\d+$/, 'client@round'),
    default: '',
  },
  checkpoint_every: {
    doc: 'Steps between two checkpoints inside a visit; one is also due between visits.',
    format: integer(1),
    default: 500,
  },
  checkpoint_min_s: {
    doc: 'Seconds in which there are never two checkpoints.',
    format: real(0),
    default: 5,
  },
  keep_checkpoints: {
    doc: 'Checkpoints that are kept, besides the newest from before the current visit.',
    format: integer(1),
    default: 2,
  },
  on_client_loss: {
    doc: "Where a client's thread dies, hangs or lies: go back to the last checkpoint, or leave its visit out, or stop.",
    format: oneOf(onClientLoss),
    default: 'retry',
  },
  max_retries: {
    doc: 'Losses of clients in a run after which it stops, with its checkpoint.',
    format: integer(0),
    default: 3,
  },
  call_timeout_s: {
    doc: 'Seconds of wall time after which a client that does not answer counts as lost.',
    format: positive(),
    default: 120,
  },
  chaos: {
    doc: 'Faults on purpose, each once: kill=client2@step100, hang=..., nan=client0@step50, slow=client1:200ms, corrupt=handover3.',
    format: text,
    default: '',
  },
} satisfies Partial<Schema<RunConfig>>;
