import { dieAtDeadlyStep } from './cluster_death.js';

export { hostClients } from '../../src/client/thread.js';

dieAtDeadlyStep(() => process.exit(3));
