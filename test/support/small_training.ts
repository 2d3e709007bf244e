import { Client, type ClientSurroundings } from '../../src/client/client.js';
import type { TrainEvent, TrainResult } from '../../src/core/events.js';
import { randomStream } from '../../src/core/random.js';
import { toShared, type Rows } from '../../src/data/dataset.js';
import type { Shard } from '../../src/data/splits/data_split.js';
import type { Program, SegmentState } from '../../src/engine/engine.js';
import type { OptimizerMean } from '../../src/engine/mean_state.js';
import type { OptimizerOptions } from '../../src/engine/optimizer.js';
import { ComputeQueue } from '../../src/client/compute_queue.js';
import { HeadExchange } from '../../src/link/head_exchange.js';
import type { Link } from '../../src/link/link.js';
import { openLoopback } from '../../src/link/loopback.js';
import type { ClientService, Handoff } from '../../src/link/messages.js';
import type { ThreadSetup } from '../../src/link/setup.js';
import { conv2d, dense, flatten, relu } from '../../src/models/layers.js';
import { splitNetwork, unsplitNetwork, type Network, type SplitNetwork } from '../../src/models/network.js';
import { protocolOf } from '../../src/server/protocols/registry.js';
import { scheduleOf, type ScheduleOptions } from '../../src/server/schedule.js';
import { schemes, type Mode } from '../../src/server/schemes/registry.js';
import type { Scheme } from '../../src/server/schemes/scheme.js';
import { Tail } from '../../src/server/tail.js';
import { AveragedTails } from '../../src/server/tails/averaged_tails.js';
import { noTails } from '../../src/server/tails/no_tails.js';
import { OneTail } from '../../src/server/tails/one_tail.js';
import type { Tails } from '../../src/server/tails/tails.js';
import { neverPause, noForgettingTests, train, type TrainerParts } from '../../src/server/trainer.js';
import { sgd, startState, type Compile } from './segments.js';

const NUM_CLASSES = 3;
const BATCH_SIZE = 4;
const SEED = 5;
export const NUM_TEST_ROWS = 5;

const network: Network = {
  model: 'small',
  padding: 0,
  inputShape: [1, 6, 6],
  layers: [
    conv2d('conv', 1, 2, 3),
    relu('relu1'),
    flatten('flatten'),
    dense('fc1', 32, 8),
    relu('relu2'),
    dense('fc2', 8, NUM_CLASSES),
  ],
  defaultCut: 'flatten',
};
export const smallSplit = splitNetwork(network, 'default');

export interface SmallTrainingOptions {
  /** The ring where it is left out. */
  readonly mode?: Mode;
  readonly isUShaped?: boolean;
  /** Training rows of each client. */
  readonly shardSizes?: readonly number[];
  readonly optimizer?: OptimizerOptions;
  readonly handoff?: Handoff;
  readonly splitfedOptimizer?: OptimizerMean;
  readonly schedule?: Partial<ScheduleOptions>;
  /** Puts something between a client and its link. */
  readonly around?: (service: ClientService, client: number) => ClientService;
}

/** Real clients, real tails and a real engine, all in this thread, on pictures of noise. */
export interface SmallTraining {
  readonly setup: ThreadSetup;
  /** What the clients share. */
  readonly surroundings: ClientSurroundings;
  /** Of the clients' first segment. */
  readonly program: Program;
  readonly clients: readonly Client[];
  readonly links: readonly Link[];
  readonly die: readonly ((cause: Error) => void)[];
  readonly tails: Tails;
  readonly parts: TrainerParts;
}

/** `compile` disposes of what it compiled. No client has a head yet. */
export async function openSmallTraining(
  compile: Compile,
  options: SmallTrainingOptions = {},
): Promise<SmallTraining> {
  const { shardSizes = [6, 4, 9], optimizer = sgd, handoff = 'weights_and_optimizer' } = options;
  const { around = (service) => service, splitfedOptimizer = 'reset' } = options;
  const scheme: Scheme = schemes[options.mode ?? 'sequential'];
  const split = splitNetwork(network, 'default', options.isUShaped ? 'default' : undefined);
  const programs = await compileClients(compile, scheme, split, optimizer);
  const numRows = shardSizes.reduce((sum, size) => sum + size, 0);
  const shards = cutRows(shardSizes);
  const setup: ThreadSetup = {
    thread: 0,
    threads: shards.map(() => 0),
    peers: new Map(),
    engine: 'onnxruntime',
    segments: programs.map(({ spec }) => spec),
    seed: SEED,
    batchSize: BATCH_SIZE,
    rowOrder: 'shuffled',
    input: { picture: network.inputShape, padding: 0, background: 0 },
    train: noise(numRows, 'train'),
    test: noise(NUM_TEST_ROWS, 'test'),
    forgettingRows: Uint32Array.of(1, 3),
    sharesClassCounts: true,
    numClasses: 3,
    faults: [],
    firedFaults: new Int32Array(new SharedArrayBuffer(0)),
    clients: shards.map((shard, client) => ({ client, shard })),
    served: new Int32Array(new SharedArrayBuffer(4)),
  };
  const clients: Client[] = [];
  const exchange = new HeadExchange(0, () => 0, new Map());
  const surroundings = {
    setup,
    programs,
    exchange,
    queue: new ComputeQueue(),
    serving: () => undefined,
    neighbour: (client: number) => clients[client],
  };
  for (const [client, shard] of shards.entries()) clients.push(new Client(client, shard, surroundings));
  const loopbacks = clients.map((client, number) => openLoopback(number, around(client, number), 10_000));
  const links = loopbacks.map(({ link }) => link);
  const tails = await openTails(compile, scheme, split, { optimizer, splitfedOptimizer });
  const schedule = scheduleOf({
    scheme,
    numEpochs: 2,
    localEpochs: 1,
    batchSize: BATCH_SIZE,
    shardSizes,
    clientFraction: 1,
    seed: SEED,
    maxSteps: 0,
    skippedVisits: [],
    ...options.schedule,
  });
  const parts = {
    scheme,
    protocol: protocolOf(scheme, split.back !== null, 3),
    links,
    tails,
    schedule,
    seed: SEED,
    handoff,
    splitfedOptimizer,
    generation: 3,
    shardSizes,
    testSizes: shardSizes.map(() => NUM_TEST_ROWS),
    hasOwnTests: false,
    forgetting: noForgettingTests,
    pause: neverPause,
  };
  const die = loopbacks.map((loopback) => loopback.die);
  return { setup, surroundings, program: programs[0], clients, links, die, tails, parts };
}

/** Trains to the end, telling `heard` of each event. */
export async function trainToEnd(
  parts: TrainerParts,
  heard: (event: TrainEvent) => void = () => undefined,
): Promise<TrainResult> {
  const trainer = train(parts);
  for (;;) {
    const next = await trainer.next();
    if (next.done) return next.value;
    heard(next.value);
  }
}

/** Calls of a service pass through, but for those in `changed`, which are given the service. */
export function changing(
  service: ClientService,
  changed: (service: ClientService) => Partial<ClientService>,
): ClientService {
  return {
    classCounts: (request) => service.classCounts(request),
    createHead: (request) => service.createHead(request),
    loadHead: (request) => service.loadHead(request),
    startVisit: (request) => service.startVisit(request),
    trainStep: (request) => service.trainStep(request),
    backStep: (request) => service.backStep(request),
    trainAlone: (request) => service.trainAlone(request),
    sendHead: (request) => service.sendHead(request),
    receiveHead: (request) => service.receiveHead(request),
    takeSpentMs: (request) => service.takeSpentMs(request),
    averageHead: (request) => service.averageHead(request),
    testActivations: (request) => service.testActivations(request),
    testBack: (request) => service.testBack(request),
    testAlone: (request) => service.testAlone(request),
    testReport: (request) => service.testReport(request),
    saveStates: (request) => service.saveStates(request),
    loadStates: (request) => service.loadStates(request),
    saveHead: (request) => service.saveHead(request),
    ...changed(service),
  };
}

/** The head; in the U shape also the last layers; or the whole network. */
async function compileClients(
  compile: Compile,
  scheme: Scheme,
  { head, back }: SplitNetwork,
  optimizer: OptimizerOptions,
): Promise<readonly Program[]> {
  if (scheme.tails === 'none') {
    const numHead = head.layers.length;
    const numLayers = [numHead, network.layers.length - numHead];
    const groups = numLayers.map((each) => ({ numLayers: each, optimizer }));
    const whole = unsplitNetwork(network);
    return [await compile(whole, { groups, hasLoss: true, needsInputGradient: false })];
  }
  const first = await compile(head, { optimizer, needsInputGradient: false });
  return back ? [first, await compile(back, { optimizer, hasLoss: true })] : [first];
}

async function openTails(
  compile: Compile,
  scheme: Scheme,
  { tail, back }: SplitNetwork,
  {
    optimizer,
    splitfedOptimizer,
  }: { readonly optimizer: OptimizerOptions; readonly splitfedOptimizer: OptimizerMean },
): Promise<Tails> {
  if (scheme.tails === 'none') return noTails;
  const program = await compile(tail, { optimizer, hasLoss: back === null });
  const state = startState(program);
  if (scheme.tails === 'one') return new OneTail(program, state);
  const maker = {
    create: (_client: number, own: SegmentState) => Promise.resolve(new Tail(program, own)),
  };
  return new AveragedTails(program, state, maker, splitfedOptimizer);
}

function cutRows(sizes: readonly number[]): readonly Shard[] {
  let first = 0;
  return sizes.map((size) => {
    const begin = first;
    first += size;
    return Uint32Array.from({ length: size }, (_, row) => begin + row);
  });
}

function noise(numRows: number, name: string): Rows {
  const stream = randomStream(0, 'init', name);
  const bytes = (length: number, below: number) =>
    toShared(Uint8Array.from({ length }, () => stream.integer(below)));
  return { numRows, pictures: bytes(numRows * 36, 256), labels: bytes(numRows, NUM_CLASSES) };
}
