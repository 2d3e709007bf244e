import { toFrame, type BackGradientsMessage } from '../../link/messages.js';
import { locate } from './label_sharing.js';
import { dueMessage, forTestRows, required, toldTally, type Protocol } from './protocol.js';
import { toldReport } from './told_report.js';

/**
 * The U shape (Vepakomma et al., arXiv 1812.00564): the client has the first layers and the last, and keeps its labels. Two
 * round trips a batch: activations up, the server's output down, its gradient up, the gradient at the cut down.
 */
export const uShaped = (numClasses: number): Protocol => ({
  async train(link, givenTail, message, due) {
    const tail = required(givenTail, 'tail');
    const { client } = link;
    const { generation, step } = due;
    const activations = dueMessage(message, client, due);
    const located = (error: unknown) => {
      throw locate(error, client, step);
    };
    const z_BF = await tail.forward(activations, due, client).catch(located);
    const back: BackGradientsMessage = await link.backStep({ generation, step, z: toFrame(z_BF) });
    const tally = toldTally(back.tally, client, due);
    const dz_BF = await tail.backward(back, due, client).catch(located);
    const next = link.trainStep({ ...due, dz: toFrame(dz_BF) });
    return { tally, next, tailDone: Promise.resolve() };
  },

  async test(link, givenTail, rows, position) {
    const tail = required(givenTail, 'tail');
    await forTestRows(
      rows,
      (some) => link.testActivations({ ...position, ...some }),
      async (message, some) => {
        const z_BF = await tail.infer(message, position, link.client);
        await link.testBack({ ...position, ...some, z: toFrame(z_BF) });
      },
    );
    const report = await link.testReport(position);
    return toldReport(report, link.client, position, { ...rows, numClasses });
  },
});
