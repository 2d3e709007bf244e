import { NumericError } from '../../core/errors.js';
import { forTestRows, type Protocol } from './protocol.js';

/** The client has the whole network: nothing of a batch crosses the link but its finished numbers. */
export const alone: Protocol = {
  async train(link, _tail, _message, due) {
    const tally = await link.trainAlone(due);
    if (!Number.isFinite(tally.lossSum)) {
      throw new NumericError(
        'ERR_NOT_FINITE',
        `Client ${link.client}, step ${due.step}: the loss that it tells is not finite. Lower the learning rates.`,
        { client: link.client, step: due.step },
      );
    }
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
