import { dieAtDeadlyStep } from './cluster_death.js';

export { hostClients } from '../../src/client/thread.js';

// As if all were well.
dieAtDeadlyStep(() => process.exit(0));
