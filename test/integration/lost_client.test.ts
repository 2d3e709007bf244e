import { expect } from 'chai';
import { fileURLToPath } from 'node:url';
import { inputFormat, plainCluster } from '../../src/cli/cluster.js';
import { headSpec, tailSpec } from '../../src/cli/segment_specs.js';
import { ClientLostError, ConfigError } from '../../src/core/errors.js';
import { freshState, type Program, plainCompute } from '../../src/engine/engine.js';
import { onnxruntimeEngine } from '../../src/engine/onnxruntime/engine.js';
import { startClientPool, type ClientPool } from '../../src/server/client_pool.js';
import { OneTail } from '../../src/server/tails/one_tail.js';
import { train } from '../../src/server/trainer.js';
import { DEADLY_STEP } from '../support/cluster_death.js';
import { firstDigits, planTraining, sgd } from '../support/cluster_training.js';
import { rejection } from '../support/link_errors.js';

describe('a client pool', () => {
  let pool: ClientPool | undefined;
  let program: Program | undefined;
  afterEach(async () => {
    await pool?.close();
    await program?.dispose();
    pool = program = undefined;
  });

  /** Four clients on two threads, with 2 batches each: client 2, on thread 0, gets the gradients of step 4. */
  const plan = async () => planTraining({ dataset: await firstDigits(64, 10), numClients: 4, numThreads: 2 });
  const open = async (thread: string, { callTimeoutMs = 60_000, device = 'cpu' } = {}) => {
    const { options, parts } = await plan();
    const { dataset, network, split, shards, seed, batchSize } = options;
    const setupOf = () => ({
      engine: 'onnxruntime' as const,
      segments: [headSpec(split.head, sgd, { device, ...plainCompute })],
      seed,
      batchSize,
      rowOrder: 'shuffled' as const,
      input: inputFormat(dataset, network),
      train: dataset.train,
      test: dataset.test,
      numClasses: dataset.shape.numClasses,
      forgettingRows: plainCluster.forgettingRows,
      sharesClassCounts: plainCluster.sharesClassCounts,
      faults: plainCluster.faults,
      firedFaults: plainCluster.firedFaults,
    });
    const threadFile = fileURLToPath(new URL(thread, new URL('../support/', import.meta.url)));
    pool = await startClientPool(setupOf, shards, { numThreads: 2, threadFile, callTimeoutMs });
    return { pool, parts, options };
  };
  const openTraining = async (thread: string) => {
    const opened = await open(thread);
    const { split, tailWeights } = opened.options;
    const spec = tailSpec(split.tail, sgd, { device: 'cpu', ...plainCompute });
    program = await onnxruntimeEngine.compile(spec);
    const tails = new OneTail(program, freshState(spec, tailWeights));
    const { links } = opened.pool;
    return { ...opened, trainer: train({ ...opened.parts, links, tails }) };
  };

  const deaths = [
    ['exits with a code', 'cluster_exiting_thread.js', /.*/],
    ['exits without a word, as if all were well', 'cluster_quitting_thread.js', /.*/],
    ['throws outside of any call', 'cluster_throwing_thread.js', /an accident/],
  ] as const;
  for (const [how, thread, says] of deaths) {
    it(`whose thread ${how} in the middle of a training: the run stops, and names thread and clients`, async () => {
      const { trainer, pool: running } = await openTraining(thread);
      let numSteps = 0;
      const training = (async () => {
        for await (const { type } of trainer) if (type === 'step') numSteps++;
      })();
      const error = await rejection(training, ClientLostError, 'ERR_CLIENT_LOST');
      // The loss of a batch is told when the server has it, before the client has trained.
      expect(numSteps).to.equal(DEADLY_STEP + 1);
      expect(error.message).to.match(says);
      expect(error.message).to.match(
        /^The thread 0 \(clients 0, 2\) ended while waiting for "client 2: trainStep": .+\.$/,
      );
      expect(error.details).to.deep.equal({
        client: 2,
        side: 'thread 0 (clients 0, 2)',
        what: 'client 2: trainStep',
      });

      // Its other client is lost with it, at once; the other thread lives.
      const position = { generation: 0, step: 0 };
      await rejection(running.links[0].createHead(position), ClientLostError, 'ERR_CLIENT_LOST');
      await running.links[1].createHead(position);
      await running.close();
      await rejection(running.links[1].createHead(position), ClientLostError, 'ERR_LINK_CLOSED');
    });
  }

  it('closes twice, and leaves no port and no timer', async () => {
    const numHandles = () =>
      process
        .getActiveResourcesInfo()
        .filter((name) => /MessagePort|Timeout|Worker/.test(name))
        .sort();
    await firstDigits(1, 1);
    const before = numHandles();
    const { pool: running } = await open('../../src/client/thread.js');
    expect(numHandles()).not.to.deep.equal(before);
    await Promise.all([running.close(), running.close()]);
    expect(numHandles()).to.deep.equal(before);
  });

  it('whose threads do not come up is refused, with nothing left running', async () => {
    const error = await rejection(open('cluster_broken_thread.js'), ClientLostError, 'ERR_CLIENT_LOST');
    expect(error.message).to.match(
      /^The thread \d \(clients \d, \d\) ended .*"start": no memory for this thread/,
    );
  });

  it('whose threads end unasked is refused', async () => {
    const error = await rejection(open('cluster_ending_thread.js'), ClientLostError, 'ERR_CLIENT_LOST');
    expect(error.message).to.match(/^The thread \d \(clients \d, \d\) ended .*"start": its task ended\./);
  });

  it('whose threads do not answer is given up at the deadline', async () => {
    const call = open('cluster_silent_thread.js', { callTimeoutMs: 300 });
    const error = await rejection(call, ClientLostError, 'ERR_CALL_TIMEOUT');
    expect(error.message).to.match(/^The thread \d \(clients \d, \d\) did not answer "start" within 0\.3 s/);
  });

  it('passes on why a thread refused to start', async () => {
    const call = open('../../src/client/thread.js', { device: 'gpu:7' });
    const error = await rejection(call, ConfigError, 'ERR_DEVICE');
    expect(error.message).to.include('gpu:7');
  });
});
