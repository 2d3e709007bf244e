// Shape legend: B batch, K classes
import { batchesOf, gatherLabels, gatherPictures } from '../data/batches.js';
import { chooseEngine } from '../engine/choice.js';
import { groupSizes, type Program, type SegmentSpec } from '../engine/engine.js';
import { freshOptimizerState, type OptimizerState } from '../engine/optimizer.js';
import { loadEngine } from '../engine/registry.js';
import { tally } from '../metrics/classification.js';
import { initialWeights } from '../models/init.js';
import { unsplitNetwork } from '../models/network.js';
import { inputFormat, type ClusterOptions } from './cluster.js';
import type { ProvenRun, Trajectory } from './proof.js';

/** One layer group of a network: the head's, the tail's or the back's. */
interface Part {
  readonly weights: Float32Array<ArrayBuffer>;
  readonly optimizer: OptimizerState;
}

/** The parts that a client has, and those that the server has, each by its place in the network. */
type Parts = readonly (Part | undefined)[];

/**
 * Replays a training on full, unsplit replicas: every batch in the order in which it was trained, on a whole network put together
 * from the parts of whoever has them at that moment. What is shared and averaged when is written down here a second time, plainly.
 */
export async function replayUnsplit(
  options: ClusterOptions,
  run: ProvenRun,
  order: readonly number[],
): Promise<Trajectory> {
  const engine = await loadEngine((await chooseEngine(options.engine)).name);
  const [device] = await engine.listDevices();
  const program = await engine.compile(wholeSpec(options, run, device.name));
  try {
    return await replay(program, options, run, order);
  } finally {
    await program.dispose();
  }
}

function wholeSpec(
  { network, headOptimizer, tailOptimizer, compute }: ClusterOptions,
  { split }: ProvenRun,
  device: string,
): SegmentSpec {
  const parts = [split.head, split.tail, ...(split.back ? [split.back] : [])];
  return {
    part: unsplitNetwork(network),
    hasLoss: true,
    needsInputGradient: false,
    groups: parts.map(({ layers }, index) => ({
      numLayers: layers.length,
      optimizer: index === 0 ? headOptimizer : tailOptimizer,
    })),
    device,
    ...compute,
  };
}

async function replay(
  program: Program,
  options: ClusterOptions,
  run: ProvenRun,
  order: readonly number[],
): Promise<Trajectory> {
  const { scheme, schedule, shardSizes, handoff, splitfedOptimizer } = run;
  const { dataset, network, shards, seed } = options;
  const input = inputFormat(dataset, network);
  const initial = initialParts(program.spec, options, seed);
  const fresh = (part: Part, group: number): Part => ({
    ...part,
    optimizer: freshOptimizerState(program.spec.groups[group].optimizer, part.weights.length),
  });
  const isClients = (group: number) => group !== 1 || scheme.tails === 'none';
  const clientParts = initial.map((part, group) => (isClients(group) ? part : undefined));
  const heads = new Map<number, Parts>();
  const tails = new Map<number, Part>();
  let [newestHead, newestTail]: [Parts, Part] = [clientParts, initial[1]];
  let lastClient: number | undefined;
  const losses: number[] = [];
  let step = 0;
  for (const turn of schedule) {
    const clients = turn.visits.map(({ client }) => client);
    for (const client of clients) {
      if (scheme.heads === 'own') heads.set(client, heads.get(client) ?? clientParts);
      else heads.set(client, keeping(newestHead, heads.get(client)));
      tails.set(
        client,
        keeping([newestTail], tails.has(client) ? [tails.get(client)] : undefined)[0] as Part,
      );
    }
    if (handoff === 'weights')
      heads.set(
        clients[0],
        (heads.get(clients[0]) as Parts).map((part, group) => (part && group === 0 ? fresh(part, 0) : part)),
      );
    const batches = new Map(
      turn.visits.map((visit) => [
        visit.client,
        batchesOf(shards[visit.client], visit.client, options, { ...visit, firstBatch: 0 }),
      ]),
    );
    for (const end = step + turn.numSteps; step < end; step++) {
      const client = order[step];
      const rows = batches.get(client)?.next().value;
      if (!rows) throw new Error(`Client ${client} has no batch for step ${step}.`);
      const head = heads.get(client) as Parts;
      const tail = scheme.tails === 'per_client' ? (tails.get(client) as Part) : newestTail;
      const parts = head.map((part) => part ?? tail);
      const labels_B = gatherLabels(dataset.train, rows);
      const trained = await trainWhole(program, parts, gatherPictures(dataset.train, rows, input), labels_B);
      losses.push(trained.loss);
      heads.set(
        client,
        trained.parts.map((part, group) => (isClients(group) ? part : undefined)),
      );
      if (scheme.tails === 'one') newestTail = trained.parts[1];
      else tails.set(client, trained.parts[1]);
    }
    lastClient = clients[clients.length - 1];
    if (scheme.heads === 'handed_over') newestHead = heads.get(lastClient) as Parts;
    if (scheme.heads === 'averaged') {
      const weights = clients.map((client) => shardSizes[client]);
      newestHead = clientParts.map((part, group) => {
        const mean =
          part &&
          meanPart(
            clients.map((client) => heads.get(client)?.[group] as Part),
            weights,
          );
        return mean && (splitfedOptimizer === 'average' ? mean : fresh(mean, group));
      });
    }
    if (scheme.tails === 'per_client') {
      const weights = clients.map((client) => shardSizes[client]);
      const mean = meanPart(
        clients.map((client) => tails.get(client) as Part),
        weights,
      );
      newestTail = splitfedOptimizer === 'average' ? mean : fresh(mean, 1);
    }
  }
  const holders = scheme.heads === 'own' ? [...heads.keys()].sort((a, b) => a - b) : [lastClient as number];
  const weightsOf = (parts: Parts) => parts.flatMap((part) => (part ? [part.weights] : []));
  return {
    losses,
    clients: order,
    heads: new Map(
      holders.map((client) => [
        client,
        weightsOf(scheme.heads === 'own' ? (heads.get(client) as Parts) : newestHead),
      ]),
    ),
    tail: scheme.tails === 'none' ? null : newestTail.weights,
  };

  /** The newest parts, where each keeps its own optimiser with that. */
  function keeping(newest: Parts, own: Parts | undefined): Parts {
    if (splitfedOptimizer !== 'keep' || scheme.heads !== 'averaged' || !own) return newest;
    return newest.map((part, group) => part && { ...part, optimizer: (own[group] as Part).optimizer });
  }
}

function initialParts(spec: SegmentSpec, { network }: ClusterOptions, seed: number): readonly Part[] {
  const weights = initialWeights(network.layers, seed);
  let first = 0;
  return groupSizes(spec).map((size, group) => ({
    weights: weights.slice(first, (first += size)),
    optimizer: freshOptimizerState(spec.groups[group].optimizer, size),
  }));
}

/** One batch of the unsplit network that these parts make. */
async function trainWhole(
  program: Program,
  parts: readonly Part[],
  x_BCHW: Parameters<ReturnType<Program['createSegment']>['lossGradient']>[0],
  labels_B: Int32Array<ArrayBuffer>,
): Promise<{ readonly loss: number; readonly parts: readonly Part[] }> {
  const segment = program.createSegment({
    weights: Float32Array.from(parts.flatMap(({ weights }) => [...weights])),
    optimizers: parts.map(({ optimizer }) => ({
      ...optimizer,
      slots: optimizer.slots.map((slot) => slot.slice()),
    })),
  });
  const { logits_BK } = await segment.lossGradient(x_BCHW, labels_B);
  await segment.update();
  const { weights, optimizers } = segment.exportState();
  segment.dispose();
  let first = 0;
  return {
    loss: tally(logits_BK.data, labels_B).lossSum / labels_B.length,
    parts: parts.map((part, group) => ({
      weights: weights.slice(first, (first += part.weights.length)),
      optimizer: optimizers[group],
    })),
  };
}

/** sum w_c x_c / sum w_c, of weights and of what optimisers remember. */
function meanPart(parts: readonly Part[], weights: readonly number[]): Part {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = (vectors: readonly ArrayLike<number>[]) =>
    Float32Array.from(vectors[0], (_, at) => {
      let sum = 0;
      for (const [index, vector] of vectors.entries()) sum += weights[index] * vector[at];
      return sum / total;
    });
  return {
    weights: mean(parts.map((part) => part.weights)),
    optimizer: {
      step: Math.round(mean(parts.map(({ optimizer }) => [optimizer.step]))[0]),
      slots: parts[0].optimizer.slots.map((_, slot) =>
        mean(parts.map(({ optimizer }) => optimizer.slots[slot])),
      ),
    },
  };
}
