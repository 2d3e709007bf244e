import { boolean, nonEmptyText, oneOf } from '../formats.js';
import { logLevels, type RunConfig } from '../run_config.js';
import type { Schema } from './key_schema.js';

/** What a run leaves, and where. */
export const outputsKeys = {
  plots: { doc: 'Draw plots and report.html at the end.', format: boolean, default: true },
  output_dir: { doc: 'Where run directories are made.', format: nonEmptyText, default: 'outputs' },
  log_level: { doc: 'What run.log tells.', format: oneOf(logLevels), default: 'info' },
} satisfies Partial<Schema<RunConfig>>;
