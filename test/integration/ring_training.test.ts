import { expect } from 'chai';
import type { Trajectory } from '../../src/cli/proof.js';
import { partitionInOrder } from '../../src/data/splits/iid.js';
import { train as trainAll } from '../../src/server/trainer.js';
import {
  adam,
  firstDigits,
  planTraining,
  sgd,
  trainOnThreads,
  withCluster,
  type TrainingOptions,
} from '../support/cluster_training.js';
import { expectSameBits } from '../support/tensors.js';

const BATCH_SIZE = 8;

function expectSameTraining(got: Trajectory, want: Trajectory): void {
  expect(got.losses).to.deep.equal(want.losses);
  expectSameBits(headOf(got), headOf(want), 'the head');
  expectSameBits(tailOf(got), tailOf(want), 'the tail');
}

/** The only head of a ring, with whoever has it. */
function headOf({ heads }: Trajectory): Float32Array<ArrayBuffer> {
  expect(heads.size).to.equal(1);
  return [...heads.values()][0][0];
}

function tailOf({ tail }: Trajectory): Float32Array<ArrayBuffer> {
  return tail ?? expect.fail('there is no tail');
}

describe('N clients equal one client on the same batches, bit for bit', () => {
  /** One pass over 12 whole batches, in the order of the rows: the same batches for 1, 2 and 4 clients. */
  const train = async (numClients: number, change: Partial<TrainingOptions>) => {
    const numRows = 12 * BATCH_SIZE;
    return await trainOnThreads({
      dataset: await firstDigits(numRows, 10),
      numClients,
      shards: partitionInOrder(numRows, numClients),
      rowOrder: 'in_order',
      batchSize: BATCH_SIZE,
      ...change,
    });
  };

  for (const optimizer of [sgd, adam]) {
    it(`${optimizer.name}, 2 and 4 clients, on 1, 2 and 4 threads`, async () => {
      const change = { headOptimizer: optimizer, tailOptimizer: optimizer };
      const alone = await train(1, { ...change, numThreads: 1 });
      expect(alone.losses).to.have.length(12);
      const rings = [
        [2, 1],
        [2, 2],
        [4, 1],
        [4, 2],
        [4, 4],
      ];
      for (const [numClients, numThreads] of rings)
        expectSameTraining(await train(numClients, { ...change, numThreads }), alone);
    });
  }

  it('but not where the weights alone move: momentum is lost', async () => {
    const alone = await train(1, {});
    const ring = await train(2, { handoff: 'weights' });
    // The hand-over comes after 6 batches; the 7th loss is still of the same weights.
    expect(ring.losses.slice(0, 7)).to.deep.equal(alone.losses.slice(0, 7));
    expect(ring.losses.slice(7)).not.to.deep.equal(alone.losses.slice(7));
  });
});

describe('a training on threads', () => {
  const train = async (change: Partial<TrainingOptions>) =>
    trainOnThreads({
      dataset: await firstDigits(90, 20),
      numClients: 4,
      numEpochs: 2,
      batchSize: BATCH_SIZE,
      ...change,
    });

  it('with the same seed gives the same numbers on 1, 2 and 4 threads, and other ones with another', async () => {
    const first = await train({ numThreads: 1, seed: 3 });
    // Shards of 22, 22, 23 and 23 rows: 3 batches each, twice.
    expect(first.losses).to.have.length(24);
    for (const numThreads of [2, 4]) expectSameTraining(await train({ numThreads, seed: 3 }), first);
    const other = await train({ numThreads: 2, seed: 4 });
    expect(other.losses[0]).not.to.equal(first.losses[0]);
    expect([...tailOf(other)]).not.to.deep.equal([...tailOf(first)]);
    expect([...headOf(other)]).not.to.deep.equal([...headOf(first)]);
  });

  it('has 12 clients on 2 threads, each of which is visited and tested', async () => {
    const training = planTraining({ dataset: await firstDigits(120, 20), numClients: 12, numThreads: 2 });
    await withCluster(training, async (cluster) => {
      expect(cluster.threadDevices).to.have.length(2);
      const trainer = trainAll({ ...training.parts, links: cluster.links, tails: cluster.tails });
      const path: number[] = [];
      let next = await trainer.next();
      for (; !next.done; next = await trainer.next())
        if (next.value.type === 'hand_over') path.push(next.value.to);
      expect(path).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
      const { clients } = next.value.summary;
      expect(clients).to.have.length(12);
      for (const { accuracy } of clients) expect(accuracy).to.be.within(0, 1);
    });
  });

  it('learns to read digits', async () => {
    const { losses } = await train({
      dataset: await firstDigits(400, 20),
      numEpochs: 4,
      headOptimizer: adam,
      tailOptimizer: adam,
    });
    const mean = (some: readonly number[]) => some.reduce((sum, loss) => sum + loss, 0) / some.length;
    // A guess costs log 10 = 2.3.
    expect(mean(losses.slice(0, 5))).to.be.closeTo(Math.log(10), 0.2);
    expect(mean(losses.slice(-20))).to.be.lessThan(1);
  });
});
