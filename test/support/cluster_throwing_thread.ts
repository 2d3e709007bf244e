import { dieAtDeadlyStep } from './cluster_death.js';

export { hostClients } from '../../src/client/thread.js';

dieAtDeadlyStep(() => {
  setImmediate(() => {
    throw new Error('an accident');
  });
});
