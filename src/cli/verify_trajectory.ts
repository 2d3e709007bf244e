import type { ActivationsMessage, GradientsMessage, VisitRequest, WeightsFile } from '../link/messages.js';
import type { Link } from '../link/link.js';
import { partitionInOrder } from '../data/splits/iid.js';
import type { ComputeOptions } from '../engine/engine.js';
import type { EngineChoice } from '../engine/choice.js';
import { fromNamedTensors, toNamedTensors } from '../models/weights.js';
import { scheduleOf } from '../server/schedule.js';
import { sequential } from '../server/schemes/sequential.js';
import { openCluster, plainCluster } from './cluster.js';
import { distance, largestDifference, recordTraining, type Check, type Trajectory } from './proof.js';
import { recordedFloats, type RecordedTrajectory } from './trajectory.js';

/** How close a replay must come. */
const tolerances = {
  sgd: { loss: 1e-4, weights: 2e-3 },
  adam: { loss: 1e-3, weights: 5e-2 },
} as const;
const LOSS_FLOOR = 1e-5;
const FIRST_ACTIVATIONS = 1e-5;
/** Rounding decides near-ties of pooling, so single entries may differ. */
const FIRST_CUT_GRADIENTS = 2e-2;

export interface ReplayOptions {
  readonly engine: EngineChoice;
  readonly devices: string;
  readonly tailDevice: string;
  readonly compute: ComputeOptions;
  readonly numThreads: number;
}

/** Replays a recorded training through real threads and the ring, and compares everything that was recorded. */
export async function replayTrajectory(
  recorded: RecordedTrajectory,
  options: ReplayOptions,
): Promise<readonly Check[]> {
  const { dataset, network, split, optimizer, handoff, batchSize, numClients, tensors, tensorFile } =
    recorded;
  const shards = partitionInOrder(dataset.train.numRows, numClients);
  const shardSizes = shards.map(({ length }) => length);
  const schedule = scheduleOf({
    scheme: sequential,
    numEpochs: recorded.numRounds,
    localEpochs: 1,
    batchSize,
    shardSizes,
    clientFraction: 1,
    seed: 0,
    maxSteps: 0,
    skippedVisits: [],
  });
  const cluster = await openCluster({
    ...options,
    dataset,
    network,
    split,
    shards,
    ...plainCluster,
    compute: options.compute,
    rowOrder: 'in_order',
    batchSize,
    seed: 0,
    headOptimizer: optimizer,
    tailOptimizer: optimizer,
    tailWeights: fromNamedTensors(split.tail.layers, tensors, tensorFile, 'init.tail.'),
  });
  try {
    const { links, first } = tapFirstBatch(cluster.links, { path: tensorFile, prefix: 'init.head.' });
    const run = {
      scheme: sequential,
      split,
      schedule,
      seed: 0,
      shardSizes,
      testSizes: shardSizes.map(() => batchSize),
      hasOwnTests: false,
      numClasses: dataset.shape.numClasses,
      handoff,
      splitfedOptimizer: 'reset' as const,
    };
    const replayed = await recordTraining(cluster, links, run);
    const tolerance = tolerances[optimizer.name];
    const inUnits = replayed.losses.map((loss, step) => {
      const reference = recorded.losses[step];
      return Math.abs(loss - reference) / (tolerance.loss * Math.abs(reference) + LOSS_FLOOR);
    });
    const gradients = recordedFloats(recorded, 'first.cut_gradients');
    return [
      {
        subject: `${inUnits.length} losses: largest |difference| / (${tolerance.loss} |loss| + ${LOSS_FLOOR})`,
        difference: largestDifference(
          inUnits,
          inUnits.map(() => 0),
        ),
        tolerance: 1,
      },
      {
        subject: 'first activations: largest |difference|',
        difference: largestDifference(first.activations, recordedFloats(recorded, 'first.activations')),
        tolerance: FIRST_ACTIVATIONS,
      },
      {
        subject: 'first cut gradients: |difference| / |gradients|',
        difference:
          distance(first.cutGradients, gradients) / distance(gradients, new Float32Array(gradients.length)),
        tolerance: FIRST_CUT_GRADIENTS,
      },
      ...weightChecks(recorded, 'head', headOf(replayed), tolerance.weights),
      ...weightChecks(recorded, 'tail', replayed.tail, tolerance.weights),
    ];
  } finally {
    await cluster.close();
  }
}

function headOf({ heads }: Trajectory): Float32Array<ArrayBuffer> | null {
  return [...heads.values()].at(0)?.at(0) ?? null;
}

/** ||w - w_ref|| / ||w_ref - w_init|| of each parameter. */
function weightChecks(
  recorded: RecordedTrajectory,
  half: 'head' | 'tail',
  weights: Float32Array<ArrayBuffer> | null,
  tolerance: number,
): readonly Check[] {
  if (!weights) throw new Error(`A ring has a ${half}.`);
  return [...toNamedTensors(recorded.split[half].layers, weights)].map(([name, { data }]) => {
    const final = recordedFloats(recorded, `final.${half}.${name}`);
    const initial = recordedFloats(recorded, `init.${half}.${name}`);
    return {
      subject: `final ${half}.${name}: |difference| / |change in training|`,
      difference: distance(data, final) / distance(final, initial),
      tolerance,
    };
  });
}

interface FirstBatch {
  activations: Float32Array;
  cutGradients: Float32Array;
}

/** Links whose first head is the recorded one, and that note what crosses first: all that the server could ever see of a client. */
function tapFirstBatch(
  links: readonly Link[],
  initialHead: WeightsFile,
): {
  readonly links: readonly Link[];
  readonly first: FirstBatch;
} {
  const first: FirstBatch = { activations: new Float32Array(), cutGradients: new Float32Array() };
  const copy = (data: ArrayBuffer) => new Float32Array(data.slice());
  const tapped = links.map((link) => ({
    ...link,
    createHead: () => link.loadHead({ files: [initialHead] }),
    async startVisit(request: VisitRequest): Promise<ActivationsMessage | null> {
      const message = await link.startVisit(request);
      if (request.step === 0 && message) first.activations = copy(message.z.data);
      return message;
    },
    trainStep(request: GradientsMessage): Promise<ActivationsMessage | null> {
      if (request.step === 0) first.cutGradients = copy(request.dz.data);
      return link.trainStep(request);
    },
  }));
  return { links: tapped, first };
}
