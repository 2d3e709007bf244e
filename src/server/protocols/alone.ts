import { forTestRows, toldTally, type Protocol } from './protocol.js';
import { toldReport } from './told_report.js';

/** The client has the whole network: nothing of a batch crosses the link but its finished numbers. */
export const alone = (numClasses: number): Protocol => ({
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
    const report = await link.testReport(position);
    return toldReport(report, link.client, position, { ...rows, numClasses });
  },
});
