import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { InputFormat, RowOrder } from '../data/batches.js';
import type { Dataset } from '../data/dataset.js';
import type { Shard } from '../data/splits/data_split.js';
import { chooseEngine, type EngineChoice } from '../engine/choice.js';
import { freshState, type SegmentSpec } from '../engine/engine.js';
import type { OptimizerOptions } from '../engine/optimizer.js';
import { placeRun } from '../engine/placement.js';
import { loadEngine, type EngineName } from '../engine/registry.js';
import type { Fault } from '../link/faults.js';
import type { Link } from '../link/link.js';
import type { Network, NetworkPart, SplitNetwork } from '../models/network.js';
import { startClientPool } from '../server/client_pool.js';
import { Tail } from '../server/tail.js';

/** What a cluster is made of. */
export interface ClusterOptions {
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
  readonly headOptimizer: OptimizerOptions;
  readonly tailOptimizer: OptimizerOptions;
  /** Flat; the tail's parameters in order. */
  readonly tailWeights: Float32Array<ArrayBuffer>;
}

/** Of a cluster that is only to compute: nobody measures forgetting or asks who has which classes, and nothing goes wrong. */
export const plainCluster = {
  forgettingRows: new Uint32Array(),
  sharesClassCounts: false,
  faults: [],
  firedFaults: new Int32Array(new SharedArrayBuffer(0)),
  callTimeoutMs: 120_000,
};

/** Clients on their threads, and the tail on this one. */
export interface Cluster {
  readonly links: readonly Link[];
  readonly tail: Tail;
  readonly threadDevices: readonly string[];
  readonly tailDevice: string;
  readonly engine: EngineName;
  /** Where it was not asked for. */
  readonly whyEngine: string | undefined;
  readonly engineVersion: string;
  /** Ends the threads; a second call waits for the same end. */
  close(): Promise<void>;
}

/** Compiles the tail, starts the threads, and gives every client its shard. Throws before anything is left running. */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { dataset, network, split, shards } = options;
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
  const tail = tailSpec(split.tail, options.tailOptimizer, tailDevice);
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
    head: headSpec(split.head, options.headOptimizer, threadDevices[thread]),
  });
  const threadFile = fileURLToPath(new URL('../client/thread.js', import.meta.url));
  const numThreads = threadDevices.length;
  const poolOptions = { numThreads, threadFile, callTimeoutMs: options.callTimeoutMs };
  const [compiled, started] = await Promise.allSettled([
    engine.compile(tail),
    startClientPool(setupOf, shards, poolOptions),
  ]);
  if (compiled.status === 'rejected' || started.status === 'rejected') {
    if (compiled.status === 'fulfilled') await compiled.value.dispose();
    if (started.status === 'fulfilled') await started.value.close();
    throw compiled.status === 'rejected' ? compiled.reason : (started as PromiseRejectedResult).reason;
  }
  const [program, pool] = [compiled.value, started.value];
  let closing: Promise<void> | undefined;
  const close = async () => {
    await pool.close();
    await program.dispose();
  };
  return {
    links: pool.links,
    tail: new Tail(program, freshState(tail, options.tailWeights)),
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

export function headSpec(part: NetworkPart, optimizer: OptimizerOptions, device: string): SegmentSpec {
  const groups = [{ numLayers: part.layers.length, optimizer }];
  return { part, hasLoss: false, needsInputGradient: false, groups, device };
}

export function tailSpec(part: NetworkPart, optimizer: OptimizerOptions, device: string): SegmentSpec {
  const groups = [{ numLayers: part.layers.length, optimizer }];
  return { part, hasLoss: true, needsInputGradient: true, groups, device };
}
