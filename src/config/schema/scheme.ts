import { optimizerMeans } from '../../engine/mean_state.js';
import { DEFAULT_CUT } from '../../models/network.js';
import { modes } from '../../server/schemes/registry.js';
import { boolean, fraction, layer, oneOf } from '../formats.js';
import type { RunConfig } from '../run_config.js';
import type { Schema } from './key_schema.js';

/** Who trains when, and which side has which layers. */
export const schemeKeys = {
  mode: {
    doc: 'Scheme: the ring; heads of their own; SplitFed v1 and v2; and as baselines the unsplit model, or one a client.',
    format: oneOf(modes),
    default: 'sequential',
  },
  parallel_training: { doc: 'The same as mode parallel, where it is true.', format: boolean, default: false },
  u_shaped: {
    doc: 'Clients have the last layers too, and keep their labels.',
    format: boolean,
    default: false,
  },
  cut_back: {
    doc: "Of u_shaped: name or number of the last layer of the server's; default leaves the client the network's last layer.",
    format: layer,
    default: DEFAULT_CUT,
  },
  client_fraction: {
    doc: 'Share of the clients that are drawn for each round.',
    format: fraction,
    default: 1,
  },
  splitfed_optimizer: {
    doc: 'What averaging does to the optimisers of SplitFed: fresh ones, the mean of theirs, or each client keeps its own.',
    format: oneOf(optimizerMeans),
    default: 'reset',
  },
} satisfies Partial<Schema<RunConfig>>;
