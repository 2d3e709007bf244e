import { address, boolean, nonEmptyText, oneOf, text } from '../formats.js';
import { wandbModes, type RunConfig } from '../run_config.js';
import type { Schema } from './key_schema.js';

/** Weights & Biases. */
export const wandbKeys = {
  wandb: {
    track: {
      doc: 'Send the run to Weights & Biases (a process of its own sends it).',
      format: boolean,
      default: false,
    },
    key: {
      doc: 'API key of Weights & Biases.',
      format: text,
      default: '',
      env: ['WANDB_API_KEY'],
      sensitive: true,
    },
    mode: {
      doc: 'Mode of Weights & Biases.',
      format: oneOf(wandbModes),
      default: 'online',
      env: ['WANDB_MODE'],
    },
    project: {
      doc: 'Project of Weights & Biases.',
      format: nonEmptyText,
      default: 'bloom-split',
      env: ['WANDB_PROJECT'],
    },
    entity: { doc: 'Entity of Weights & Biases.', format: text, default: '', env: ['WANDB_ENTITY'] },
    group: { doc: 'Group of runs in Weights & Biases.', format: text, default: '', env: ['WANDB_RUN_GROUP'] },
    base_url: {
      doc: 'Address of the Weights & Biases server.',
      format: address,
      default: 'https://api.wandb.ai',
      env: ['WANDB_BASE_URL'],
    },
  },
} satisfies Partial<Schema<RunConfig>>;
