import { Client } from '../../src/client/client.js';
import type { ClientService, GradientsMessage } from '../../src/link/messages.js';

/** The batch whose gradients end the thread that is given them. */
export const DEADLY_STEP = 4;

/** Makes every client of this thread, which is real otherwise, die in the middle of a training. */
export function dieAtDeadlyStep(die: () => void): void {
  const trainStep = Object.getOwnPropertyDescriptor(Client.prototype, 'trainStep')
    ?.value as ClientService['trainStep'];
  Client.prototype.trainStep = function (request: GradientsMessage) {
    if (request.step !== DEADLY_STEP) return trainStep.call(this, request);
    die();
    return new Promise(() => undefined);
  };
}
