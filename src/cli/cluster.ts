import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { InputFormat, RowOrder } from '../data/batches.js';
import type { Dataset } from '../data/dataset.js';
import type { Shard } from '../data/splits/data_split.js';
import { chooseEngine, type EngineChoice } from '../engine/choice.js';
import { freshState, type Engine, type Place, type SegmentSpec } from '../engine/engine.js';
import type { OptimizerMean } from '../engine/mean_state.js';
import type { OptimizerOptions } from '../engine/optimizer.js';
import { placeRun } from '../engine/placement.js';
import { loadEngine, type EngineName } from '../engine/registry.js';
import type { Fault } from '../link/faults.js';
import type { Link } from '../link/link.js';
import { unsplitNetwork, type Network, type NetworkPart, type SplitNetwork } from '../models/network.js';
import { startClientPool } from '../server/client_pool.js';
import type { Scheme } from '../server/schemes/scheme.js';
import { sequential } from '../server/schemes/sequential.js';
import { AveragedTails } from '../server/tails/averaged_tails.js';
import { noTails } from '../server/tails/no_tails.js';
import { OneTail } from '../server/tails/one_tail.js';
import { startTailPool } from '../server/tails/tail_pool.js';
import type { Tails } from '../server/tails/tails.js';

/** What a cluster is made of. */
export interface ClusterOptions {
  readonly scheme: Scheme;
  /** Of tails that are averaged. */
  readonly splitfedOptimizer: OptimizerMean;
  readonly dataset: Dataset;
  readonly network: Network;
  readonly split: SplitNetwork;
  readonly shards: readonly Shard[];
  /** Row numbers of the test rows on which forgetting is measured. */
  readonly forgettingRows: Uint32Array<ArrayBuffer>;
  readonly sharesClassCounts: boolean;
  /** What is to go wrong on purpose, and which of it has. */
  readonly faults: readonly Fault[];
  readonly firedFaults: Int32Array<SharedArrayBuffer>;
  /** Wall time after which a client that does not answer counts as lost. */
  readonly callTimeoutMs: number;
  readonly rowOrder: RowOrder;
  readonly batchSize: number;
  readonly seed: number;
  readonly engine: EngineChoice;
  /** `auto`: as many as GPUs are used, or cores; never more than clients. */
  readonly numThreads: number | 'auto';
  readonly devices: string;
  readonly tailDevice: string;
  readonly intraOpThreads: number;
  readonly headOptimizer: OptimizerOptions;
  readonly tailOptimizer: OptimizerOptions;
  /** Flat; the tail's parameters in order. */
  readonly tailWeights: Float32Array<ArrayBuffer>;
}

/** Of a ring's cluster that is only to compute: nobody measures forgetting or asks who has which classes, and nothing goes wrong. */
export const plainCluster = {
  scheme: sequential,
  splitfedOptimizer: 'reset' as const,
  forgettingRows: new Uint32Array(),
  sharesClassCounts: false,
  faults: [],
  firedFaults: new Int32Array(new SharedArrayBuffer(0)),
  callTimeoutMs: 120_000,
  intraOpThreads: 1,
};

/** Clients on their threads, and the tails on this one. */
export interface Cluster {
  readonly links: readonly Link[];
  readonly tails: Tails;
  readonly threadDevices: readonly string[];
  readonly tailDevice: string;
  readonly engine: EngineName;
  /** Where it was not asked for. */
  readonly whyEngine: string | undefined;
  readonly engineVersion: string;
  /** Ends the threads; a second call waits for the same end. */
  close(): Promise<void>;
}

/** Compiles the server's part, starts the threads, and gives every client its shard. Throws before anything is left running. */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { dataset, network, shards, intraOpThreads } = options;
  const decision = await chooseEngine(options.engine);
  const { name: engineName, why: whyEngine } = decision;
  const engine = await loadEngine(engineName);
  const request = {
    ...options,
    engine: decision,
    numClients: shards.length,
    numCores: availableParallelism(),
  };
  const { threadDevices, tailDevice } = placeRun(request, await engine.listDevices());
  const setup = {
    engine: engineName,
    seed: options.seed,
    batchSize: options.batchSize,
    rowOrder: options.rowOrder,
    input: inputFormat(dataset, network),
    train: dataset.train,
    test: dataset.test,
    forgettingRows: options.forgettingRows,
    sharesClassCounts: options.sharesClassCounts,
    numClasses: dataset.shape.numClasses,
    faults: options.faults,
    firedFaults: options.firedFaults,
  };
  const setupOf = (thread: number) => ({
    ...setup,
    segments: clientSegments(options, { device: threadDevices[thread], intraOpThreads }),
  });
  const threadFile = fileURLToPath(new URL('../client/thread.js', import.meta.url));
  const numThreads = threadDevices.length;
  const poolOptions = { numThreads, threadFile, callTimeoutMs: options.callTimeoutMs };
  const [compiled, started] = await Promise.allSettled([
    openTails(options, { name: engineName, engine, device: tailDevice, threadDevices }),
    startClientPool(setupOf, shards, poolOptions),
  ]);
  if (compiled.status === 'rejected' || started.status === 'rejected') {
    if (compiled.status === 'fulfilled') await compiled.value.close();
    if (started.status === 'fulfilled') await started.value.close();
    throw compiled.status === 'rejected' ? compiled.reason : (started as PromiseRejectedResult).reason;
  }
  const [server, pool] = [compiled.value, started.value];
  let closing: Promise<void> | undefined;
  const close = async () => {
    // Both, whatever happens to one of them.
    const outcomes = await Promise.allSettled([pool.close(), server.close()]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  };
  return {
    links: pool.links,
    tails: server.tails,
    threadDevices,
    tailDevice,
    engine: engineName,
    whyEngine,
    engineVersion: engine.version,
    close: () => (closing ??= close()),
  };
}

/** How pictures of a data set become the input of a network. */
export function inputFormat({ shape, background }: Dataset, { padding }: Network): InputFormat {
  return { picture: shape.picture, padding, background };
}

interface OpenTails {
  readonly tails: Tails;
  close(): Promise<void>;
}

/** What the server trains, compiled: here, or a tail a client on threads of its own. */
async function openTails(
  options: ClusterOptions,
  { name, engine, device, threadDevices }: TailPlaces,
): Promise<OpenTails> {
  const { scheme, split, tailOptimizer, tailWeights, splitfedOptimizer, callTimeoutMs, intraOpThreads } =
    options;
  if (scheme.tails === 'none') return { tails: noTails, close: () => Promise.resolve() };
  const specOn = (place: string) => {
    const on = { device: place, intraOpThreads };
    return split.back ? middleSpec(split.tail, tailOptimizer, on) : tailSpec(split.tail, tailOptimizer, on);
  };
  const program = await engine.compile(specOn(device));
  const state = freshState(program.spec, tailWeights);
  if (scheme.tails === 'one') return { tails: new OneTail(program, state), close: () => program.dispose() };
  const threadFile = fileURLToPath(new URL('../server/tails/tail_thread.js', import.meta.url));
  try {
    const pool = await startTailPool(
      (thread) => ({
        engine: name,
        spec: specOn(options.tailDevice === 'auto' ? threadDevices[thread] : device),
      }),
      { numThreads: threadDevices.length, threadFile, callTimeoutMs },
    );
    const close = async () => {
      await pool.close();
      await program.dispose();
    };
    return { tails: new AveragedTails(program, state, pool, splitfedOptimizer), close };
  } catch (error) {
    await program.dispose();
    throw error;
  }
}

interface TailPlaces {
  readonly name: EngineName;
  readonly engine: Engine;
  readonly device: string;
  readonly threadDevices: readonly string[];
}

/** What a client trains: its head; in the U shape also the last layers; or the whole network, where the server has none. */
function clientSegments(
  { scheme, network, split, headOptimizer, tailOptimizer }: ClientSegmentOptions,
  place: Place,
): readonly SegmentSpec[] {
  if (scheme.tails === 'none') return [wholeSpec(network, split, headOptimizer, tailOptimizer, place)];
  const head = headSpec(split.head, headOptimizer, place);
  return split.back ? [head, tailSpec(split.back, tailOptimizer, place)] : [head];
}

type ClientSegmentOptions = Pick<
  ClusterOptions,
  'scheme' | 'network' | 'split' | 'headOptimizer' | 'tailOptimizer'
>;

export function headSpec(part: NetworkPart, optimizer: OptimizerOptions, place: Place): SegmentSpec {
  const groups = [{ numLayers: part.layers.length, optimizer }];
  return { part, hasLoss: false, needsInputGradient: false, groups, ...place };
}

/** The network's end, with the loss: the server's, or in the U shape the client's. */
export function tailSpec(part: NetworkPart, optimizer: OptimizerOptions, place: Place): SegmentSpec {
  const groups = [{ numLayers: part.layers.length, optimizer }];
  return { part, hasLoss: true, needsInputGradient: true, groups, ...place };
}

/** The server's layers in the U shape. */
function middleSpec(part: NetworkPart, optimizer: OptimizerOptions, place: Place): SegmentSpec {
  const groups = [{ numLayers: part.layers.length, optimizer }];
  return { part, hasLoss: false, needsInputGradient: true, groups, ...place };
}

/** The unsplit network, whose two parts keep their optimisers. */
function wholeSpec(
  network: Network,
  { head }: SplitNetwork,
  headOptimizer: OptimizerOptions,
  tailOptimizer: OptimizerOptions,
  place: Place,
): SegmentSpec {
  const numHead = head.layers.length;
  const groups = [
    { numLayers: numHead, optimizer: headOptimizer },
    { numLayers: network.layers.length - numHead, optimizer: tailOptimizer },
  ];
  return { part: unsplitNetwork(network), hasLoss: true, needsInputGradient: false, groups, ...place };
}
