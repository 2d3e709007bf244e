import { planRun, type RunPlan } from '../src/cli/plan.js';
import { RunCosts } from '../src/cli/run_costs.js';
import { localClients, openRunCluster } from '../src/cli/run_cluster.js';
import type { Cluster } from '../src/cli/cluster.js';
import { configFrom } from '../src/config/load.js';
import type { Link } from '../src/link/link.js';
import { Ledger } from '../src/link/ledger.js';
import type { ActivationsMessage, GradientsMessage } from '../src/link/messages.js';
import { protocolOf } from '../src/server/protocols/registry.js';
import { neverPause, noForgettingTests, train, type TrainerParts } from '../src/server/trainer.js';
import { summarise, type Measurement } from './stats.js';

const BATCH_SIZE = 32;
const STEPS_PER_BLOCK = 100;
const NUM_BLOCKS = 40;
const NUM_COUNTED = 50_000;

/**
 * What counting costs: processor time of blocks of the same training with and without it, in turn; and its own time a batch,
 * which is too short to be seen in them, over a link that answers at once.
 */
export async function* ledgerCost(): AsyncGenerator<Measurement> {
  const { config } = configFrom({
    engine: 'onnxruntime',
    max_samples: BATCH_SIZE * STEPS_PER_BLOCK,
    n_workers: 1,
    n_epochs: 1,
  });
  const plan = await planRun(config);
  const cluster = await openRunCluster(config, plan, localClients(config, plan));
  const counted: number[] = [];
  const plain: number[] = [];
  try {
    for (let block = 0; block <= NUM_BLOCKS; block++) {
      const pair = [() => stepMs(plan, cluster, true), () => stepMs(plan, cluster, false)];
      // Whoever is second has no advantage.
      const [first, second] = block % 2 === 0 ? [0, 1] : [1, 0];
      const times = [0, 0];
      for (const which of [first, second]) times[which] = await pair[which]();
      if (block === 0) continue; // warming up
      counted.push(times[0]);
      plain.push(times[1]);
    }
  } finally {
    await cluster.close();
  }
  const ratios = counted.map((ms, block) => ms / plain[block]);
  yield summarise('lenet, batch 32: processor time with the ledger / without', ratios, 'x');
  const ownUs: number[] = [];
  for (let block = 0; block <= NUM_BLOCKS; block++) {
    const ms = (await answersMs(true)) - (await answersMs(false));
    if (block > 0) ownUs.push((1000 * ms) / NUM_COUNTED);
  }
  yield summarise("the ledger's own time a batch", ownUs, 'us');
  const step = summarise('lenet, batch 32: step over a worker thread, processor time', plain, 'ms');
  yield step;
  const shares = ownUs.map((us) => us / (10 * step.median));
  yield summarise("lenet, batch 32: the ledger's share of a step (at most 1)", shares, '%');
}

/** Milliseconds of all processors a step of a training, up to the end of the visit; the test after it is left out. */
async function stepMs(plan: RunPlan, cluster: Cluster, isCounted: boolean): Promise<number> {
  const costs = isCounted ? new RunCosts(cluster, undefined) : undefined;
  const parts: TrainerParts = {
    scheme: plan.scheme,
    protocol: protocolOf(plan.scheme, false, plan.dataset.shape.numClasses),
    links: costs?.links ?? cluster.links,
    tails: cluster.tails,
    schedule: plan.schedule,
    seed: 0,
    handoff: 'weights_and_optimizer',
    splitfedOptimizer: 'reset',
    generation: 0,
    shardSizes: [plan.dataset.train.numRows],
    testSizes: [1],
    hasOwnTests: false,
    forgetting: noForgettingTests,
    pause: neverPause,
  };
  const start = process.cpuUsage();
  let spentUs = 0;
  for await (const event of train(parts)) {
    await costs?.event(event);
    if (event.type === 'visit') {
      const { user, system } = process.cpuUsage(start);
      spentUs = user + system;
    }
  }
  return spentUs / 1000 / STEPS_PER_BLOCK;
}

/** Milliseconds of many batches over a link that does nothing. */
async function answersMs(isCounted: boolean): Promise<number> {
  const frame = { shape: [BATCH_SIZE, 400], dtype: 'float32', data: new ArrayBuffer(51_200) } as const;
  const answer: ActivationsMessage = { generation: 0, step: 0, z: frame, labels: new ArrayBuffer(128) };
  const request: GradientsMessage = { generation: 0, step: 0, dz: frame, nextStep: 1 };
  const idle = { client: 0, trainStep: () => Promise.resolve(answer) } as Partial<Link> as Link;
  const link = isCounted ? new Ledger(1).metered(idle) : idle;
  const start = performance.now();
  for (let batch = 0; batch < NUM_COUNTED; batch++) await link.trainStep(request);
  return performance.now() - start;
}
