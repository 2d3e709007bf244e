import { NumericError } from '../../core/errors.js';
import { toFrame } from '../../link/messages.js';
import { joinPredictions, type Predictions } from '../../metrics/predictions.js';
import { reportOf } from '../../metrics/report.js';
import { dueMessage, forTestRows, required, type Protocol } from './protocol.js';

/** Activations and labels go up, gradients come down: one round trip a batch. The server has the loss. */
export const labelSharing: Protocol = {
  async train(link, givenTail, message, due) {
    const tail = required(givenTail, 'tail');
    const { client } = link;
    const located = (error: unknown) => {
      throw locate(error, client, due.step);
    };
    const activations = dueMessage(message, client, due);
    const { tally, dz_BF } = await tail.lossGradient(activations, due, client).catch(located);
    // Sent before the tail's own update: the client works while the server does.
    const next = link.trainStep({ ...due, dz: toFrame(dz_BF) });
    return { tally, next, tailDone: tail.update().catch(located) };
  },

  async test(link, givenTail, rows, position) {
    const tail = required(givenTail, 'tail');
    const parts: Predictions[] = [];
    await forTestRows(
      rows,
      (some) => link.testActivations({ ...position, ...some }),
      async (message) => {
        parts.push(await tail.test(message, position, link.client));
      },
    );
    return reportOf(joinPredictions(parts, tail.numClasses));
  },
};

/** A numeric error of the tail that says where it happened. */
export function locate(error: unknown, client: number, step: number): unknown {
  if (!(error instanceof NumericError)) return error;
  return new NumericError(
    error.code,
    `Tail, step ${step} with client ${client}: ${error.message} Lower \`optimizer.tail.lr\`, or \`optimizer.head.lr\` if the activations grew.`,
    { client, step },
    { cause: error },
  );
}
