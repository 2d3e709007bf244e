import { Client } from '../../src/client/client.js';
import type { TrainEvent, TrainResult } from '../../src/core/events.js';
import { randomStream } from '../../src/core/random.js';
import { toShared, type Rows } from '../../src/data/dataset.js';
import type { Shard } from '../../src/data/splits/data_split.js';
import type { Program } from '../../src/engine/engine.js';
import type { OptimizerOptions } from '../../src/engine/optimizer.js';
import { HeadExchange } from '../../src/link/head_exchange.js';
import type { Link } from '../../src/link/link.js';
import { openLoopback } from '../../src/link/loopback.js';
import type { ClientService, Handoff } from '../../src/link/messages.js';
import type { ThreadSetup } from '../../src/link/setup.js';
import { conv2d, dense, flatten, relu } from '../../src/models/layers.js';
import { splitNetwork, type Network } from '../../src/models/network.js';
import { ringSchedule, type RingOptions } from '../../src/server/ring_schedule.js';
import { Tail } from '../../src/server/tail.js';
import { neverRest, noForgettingTests, trainRing, type TrainerParts } from '../../src/server/trainer.js';
import { sgd, startState, type Compile } from './segments.js';

const NUM_CLASSES = 3;
const BATCH_SIZE = 4;
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

export interface SmallRingOptions {
  /** Training rows of each client. */
  readonly shardSizes?: readonly number[];
  readonly optimizer?: OptimizerOptions;
  readonly handoff?: Handoff;
  readonly schedule?: Partial<RingOptions>;
  /** Puts something between a client and its link. */
  readonly around?: (service: ClientService, client: number) => ClientService;
}

/** Real clients, a real tail and a real engine, all in this thread, on pictures of noise. */
export interface SmallRing {
  readonly setup: ThreadSetup;
  readonly program: Program;
  readonly clients: readonly Client[];
  readonly links: readonly Link[];
  readonly die: readonly ((cause: Error) => void)[];
  readonly tail: Tail;
  readonly parts: TrainerParts;
}

/** `compile` disposes of what it compiled. */
export async function openSmallRing(compile: Compile, options: SmallRingOptions = {}): Promise<SmallRing> {
  const { shardSizes = [6, 4, 9], optimizer = sgd, handoff = 'weights_and_optimizer' } = options;
  const { around = (service) => service } = options;
  const program = await compile(smallSplit.head, { optimizer, needsInputGradient: false });
  const tailProgram = await compile(smallSplit.tail, { optimizer, hasLoss: true });
  const numRows = shardSizes.reduce((sum, size) => sum + size, 0);
  const shards = cutRows(shardSizes);
  const setup: ThreadSetup = {
    thread: 0,
    numThreads: 1,
    peers: new Map(),
    engine: 'onnxruntime',
    head: program.spec,
    seed: 5,
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
  };
  const exchange = new HeadExchange(0, () => 0, new Map());
  const clients = shards.map((shard, client) => new Client(client, shard, setup, program, exchange));
  const loopbacks = clients.map((client, number) => openLoopback(number, around(client, number), 10_000));
  const links = loopbacks.map(({ link }) => link);
  const tail = new Tail(tailProgram, startState(tailProgram));
  const ring = {
    numEpochs: 2,
    localEpochs: 1,
    batchSize: BATCH_SIZE,
    shardSizes,
    maxSteps: 0,
    skippedVisits: [],
  };
  const schedule = ringSchedule({ ...ring, ...options.schedule });
  await clients[0].createHead();
  const parts = {
    links,
    tail,
    schedule,
    handoff,
    generation: 3,
    shardSizes,
    numTestRows: NUM_TEST_ROWS,
    forgetting: noForgettingTests,
    rest: neverRest,
  };
  return { setup, program, clients, links, die: loopbacks.map(({ die }) => die), tail, parts };
}

/** Trains to the end, telling `heard` of each event. */
export async function trainToEnd(
  parts: TrainerParts,
  heard: (event: TrainEvent) => void = () => undefined,
): Promise<TrainResult> {
  const trainer = trainRing(parts);
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
    sendHead: (request) => service.sendHead(request),
    receiveHead: (request) => service.receiveHead(request),
    testActivations: (request) => service.testActivations(request),
    saveState: (request) => service.saveState(request),
    loadState: (request) => service.loadState(request),
    saveHead: (request) => service.saveHead(request),
    ...changed(service),
  };
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
