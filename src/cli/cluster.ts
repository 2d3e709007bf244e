import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { InputFormat, RowOrder } from '../data/batches.js';
import type { Dataset } from '../data/dataset.js';
import type { Shard } from '../data/splits/data_split.js';
import { plainCompute, type ComputeOptions } from '../engine/engine.js';
import { chooseEngine, type EngineChoice } from '../engine/choice.js';
import type { OptimizerMean } from '../engine/mean_state.js';
import type { OptimizerOptions } from '../engine/optimizer.js';
import { placeRun } from '../engine/placement.js';
import { loadEngine, type EngineName } from '../engine/registry.js';
import type { Fault } from '../link/faults.js';
import type { Link } from '../link/link.js';
import type { Network, SplitNetwork } from '../models/network.js';
import { startClientPool, type ClientPool, type CommonSetup } from '../server/client_pool.js';
import type { Scheme } from '../server/schemes/scheme.js';
import { sequential } from '../server/schemes/sequential.js';
import type { Tails } from '../server/tails/tails.js';
import { openTails } from './open_tails.js';
import { clientSegments, type SegmentOptions } from './segment_specs.js';

/** What the server's side of a cluster is made of. */
export interface ServerOptions {
  readonly scheme: Scheme;
  /** Of tails that are averaged. */
  readonly splitfedOptimizer: OptimizerMean;
  readonly split: SplitNetwork;
  readonly tailOptimizer: OptimizerOptions;
  /** Flat; the tail's parameters in order. */
  readonly tailWeights: Float32Array<ArrayBuffer>;
  /** Wall time after which a client that does not answer counts as lost. */
  readonly callTimeoutMs: number;
  readonly engine: EngineChoice;
  /** `auto`: as many as GPUs are used, or cores; never more than clients. */
  readonly numThreads: number | 'auto';
  readonly devices: string;
  readonly tailDevice: string;
  readonly compute: ComputeOptions;
}

/** What clients on threads of this process are made of. */
export interface LocalClientOptions extends SegmentOptions {
  readonly dataset: Dataset;
  readonly shards: readonly Shard[];
  /** Row numbers of the test rows on which forgetting is measured. */
  readonly forgettingRows: Uint32Array<ArrayBuffer>;
  readonly sharesClassCounts: boolean;
  /** What is to go wrong on purpose, and which of it has. */
  readonly faults: readonly Fault[];
  readonly firedFaults: Int32Array<SharedArrayBuffer>;
  readonly callTimeoutMs: number;
  readonly compute: ComputeOptions;
  readonly rowOrder: RowOrder;
  readonly batchSize: number;
  readonly seed: number;
}

/** What a cluster in one process is made of. */
export type ClusterOptions = ServerOptions & LocalClientOptions;

/** With which engine clients are opened, and on which devices: as many as there are threads here. */
export interface Placed {
  readonly engine: EngineName;
  readonly threadDevices: readonly string[];
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
  compute: plainCompute,
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

/** Brings the clients up, wherever they live; called anew after a loss. */
export type OpenClients = (placed: Placed) => Promise<ClientPool>;

/** A cluster whose clients live on threads of this process: each gets its shard. Throws before anything is left running. */
export function openCluster(options: ClusterOptions): Promise<Cluster> {
  return openClusterOf(options, options.shards.length, (placed) => openLocalClients(options, placed));
}

/** Compiles the server's part while the clients come up, wherever that is. Throws before anything is left running. */
export async function openClusterOf(
  options: ServerOptions,
  numClients: number,
  openClients: OpenClients,
): Promise<Cluster> {
  const decision = await chooseEngine(options.engine);
  const { name: engineName, why: whyEngine } = decision;
  const engine = await loadEngine(engineName);
  const request = { ...options, engine: decision, numClients, numCores: availableParallelism() };
  const { threadDevices, tailDevice } = placeRun(request, await engine.listDevices());
  const [compiled, started] = await Promise.allSettled([
    openTails(options, { name: engineName, engine, device: tailDevice, threadDevices }),
    openClients({ engine: engineName, threadDevices }),
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

/** Starts the threads, and gives every client its shard. */
export function openLocalClients(
  options: LocalClientOptions,
  { engine, threadDevices }: Placed,
): Promise<ClientPool> {
  const threadFile = fileURLToPath(new URL('../client/thread.js', import.meta.url));
  const { shards, callTimeoutMs } = options;
  return startClientPool((thread) => setupOn(options, engine, threadDevices[thread]), shards, {
    numThreads: threadDevices.length,
    threadFile,
    callTimeoutMs,
  });
}

/** What a thread on this device is told, whoever lives there. */
export function setupOn(
  options: Omit<LocalClientOptions, 'shards' | 'callTimeoutMs'>,
  engine: EngineName,
  device: string,
): CommonSetup {
  const { dataset, network } = options;
  const { seed, batchSize, rowOrder, forgettingRows, sharesClassCounts, faults, firedFaults } = options;
  return {
    engine,
    segments: clientSegments(options, { device, ...options.compute }),
    seed,
    batchSize,
    rowOrder,
    input: inputFormat(dataset, network),
    train: dataset.train,
    test: dataset.test,
    forgettingRows,
    sharesClassCounts,
    numClasses: dataset.shape.numClasses,
    faults,
    firedFaults,
  };
}

/** How pictures of a data set become the input of a network. */
export function inputFormat({ shape, background }: Dataset, { padding }: Network): InputFormat {
  return { picture: shape.picture, padding, background };
}
