import type { RunConfig } from '../run_config.js';
import { dataKeys } from './data.js';
import { faultsKeys } from './faults.js';
import { hostsKeys } from './hosts.js';
import type { Schema } from './key_schema.js';
import { machineKeys } from './machine.js';
import { networkKeys } from './network.js';
import { outputsKeys } from './outputs.js';
import { ringKeys } from './ring.js';
import { schemeKeys } from './scheme.js';
import { testsKeys } from './tests.js';
import { wandbKeys } from './wandb.js';

/**
 * Every option of a run, in the order in which they are shown. The only place where defaults stand; `config/base.yaml` repeats
 * them for readers.
 */
export const schema: Schema<RunConfig> = {
  ...schemeKeys,
  ...ringKeys,
  ...dataKeys,
  ...networkKeys,
  ...machineKeys,
  ...testsKeys,
  ...faultsKeys,
  ...hostsKeys,
  ...outputsKeys,
  ...wandbKeys,
};
