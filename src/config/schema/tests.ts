import { boolean, integer, oneOf } from '../formats.js';
import { forgettingModes, type RunConfig } from '../run_config.js';
import type { Schema } from './key_schema.js';

/** How much of a run is made, and what it measures beside training. */
export const testsKeys = {
  max_steps: {
    doc: 'Training ends after this many batches; 0 for no limit.',
    format: integer(0),
    default: 0,
  },
  max_samples: {
    doc: 'Only the first so many training rows, and test rows, are used; 0 for all.',
    format: integer(0),
    default: 0,
  },
  forgetting: {
    doc: 'When the newest head and tail are tested for the forgetting matrix; auto: every visit, above 20 clients every round.',
    format: oneOf(forgettingModes),
    default: 'auto',
  },
  forgetting_samples: {
    doc: 'Test rows of each such test: the same ones every time, each class by its share.',
    format: integer(1),
    default: 1000,
  },
  share_class_counts: {
    doc: 'Clients tell the server how many rows of each class they have; without it there is no forgetting matrix.',
    format: boolean,
    default: true,
  },
} satisfies Partial<Schema<RunConfig>>;
