import { forTestRows, toldTally, type Protocol } from './protocol.js';

/** The client has the whole network: nothing of a batch crosses the link but its finished numbers. */
export const alone: Protocol = {
  async train(link, _tail, _message, due) {
    const tally = toldTally(await link.trainAlone(due), link.client, due);
    return { tally, next: Promise.resolve(null), tailDone: Promise.resolve() };
  },

  async test(link, _tail, rows, position) {
    await forTestRows(
      rows,
      (some) => link.testAlone({ ...position, ...some }),
      () => Promise.resolve(),
    );
    return await link.testReport(position);
  },
};
