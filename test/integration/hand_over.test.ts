import { expect } from 'chai';
import { ProtocolError } from '../../src/core/errors.js';
import { firstDigits, planTraining, withCluster } from '../support/cluster_training.js';
import { rejection } from '../support/link_errors.js';

describe('a hand-over between threads', () => {
  const request = {
    generation: 0,
    step: 0,
    round: 0,
    from: 0,
    to: 1,
    optimizers: 'moved',
    keepsCopy: false,
  } as const;
  const plan = async (numThreads: number) =>
    planTraining({ dataset: await firstDigits(16, 4), numClients: 2, numThreads });
  const test = { generation: 0, step: 0, set: 'test' as const, firstRow: 0, numRows: 2 };

  for (const numThreads of [1, 2]) {
    it(`moves the head: the receiver answers as the sender did, which has none any more (${numThreads} threads)`, async () => {
      await withCluster(await plan(numThreads), async ({ links: [sender, receiver] }) => {
        await sender.createHead(test);
        const before = await sender.testActivations(test);
        const [sent, taken] = await Promise.all([sender.sendHead(request), receiver.receiveHead(request)]);
        expect(taken).to.deep.equal(sent);
        const after = await receiver.testActivations(test);
        expect(Buffer.from(after.z.data).equals(Buffer.from(before.z.data))).to.equal(true);
        await rejection(sender.testActivations(test), ProtocolError, 'ERR_NOT_DUE');
      });
    });

    it(`is refused where the receiver is told another round, and nothing is taken (${numThreads} threads)`, async () => {
      await withCluster(await plan(numThreads), async ({ links: [sender, receiver] }) => {
        await sender.createHead(test);
        const receiving = receiver.receiveHead({ ...request, round: 1 });
        const refused = rejection(receiving, ProtocolError, 'ERR_HAND_OVER');
        await sender.sendHead(request);
        const error = await refused;
        expect(error.message).to.match(
          /^Client 1 refused the head from client 0: its round is 0 instead of 1\./,
        );
        expect(error.details).to.deep.equal({ from: 0, to: 1 });
        await rejection(receiver.testActivations(test), ProtocolError, 'ERR_NOT_DUE');
      });
    });
  }
});
