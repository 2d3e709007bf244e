import type { RunConfig } from '../config/run_config.js';
import { placeRun } from '../engine/placement.js';
import { loadEngine, type EngineName } from '../engine/registry.js';
import { initialWeights } from '../models/init.js';
import type { CommonSetup } from '../server/client_pool.js';
import { openClusterOf, openLocalClients, setupOn, type Cluster, type OpenClients } from './cluster.js';
import { computeOf, optimizerOf, type LocalPlan, type RunPlan } from './plan.js';

/** Opens the cluster of a run: the server's part here, the clients wherever `openClients` has them. */
export function openRunCluster(
  config: RunConfig,
  plan: RunPlan,
  openClients: OpenClients,
  tailWeights = initialWeights(plan.split.tail.layers, config.seed),
): Promise<Cluster> {
  const options = {
    scheme: plan.scheme,
    splitfedOptimizer: config.splitfed_optimizer,
    split: plan.split,
    tailOptimizer: optimizerOf(config.optimizer.tail),
    tailWeights,
    callTimeoutMs: config.call_timeout_s * 1000,
    compute: computeOf(config),
    engine: config.engine,
    numThreads: plan.numThreads,
    devices: config.devices,
    tailDevice: config.tail_device,
  };
  return openClusterOf(options, plan.shardSizes.length, openClients);
}

/** The clients of a run whose rows are all in this process, on threads of it. */
export function localClients(config: RunConfig, plan: LocalPlan): OpenClients {
  const options = { ...clientOptions(config, plan), shards: plan.partition.shards };
  return (placed) => openLocalClients(options, placed);
}

/** What the thread of a client is told that is alone in its process: on the best device there. */
export async function loneSetup(
  config: RunConfig,
  plan: LocalPlan,
  engineName: EngineName,
): Promise<CommonSetup> {
  const engine = await loadEngine(engineName);
  const request = {
    engine: { name: engineName, why: 'as the server' },
    devices: 'auto',
    tailDevice: 'auto',
    numThreads: 1,
    numClients: 1,
    numCores: 1,
  };
  const { threadDevices } = placeRun(request, await engine.listDevices());
  return setupOn(clientOptions(config, plan), engineName, threadDevices[0]);
}

function clientOptions(config: RunConfig, plan: LocalPlan) {
  return {
    ...plan,
    sharesClassCounts: config.share_class_counts,
    callTimeoutMs: config.call_timeout_s * 1000,
    compute: computeOf(config),
    rowOrder: 'shuffled',
    batchSize: config.batch_size,
    seed: config.seed,
    headOptimizer: optimizerOf(config.optimizer.head),
    tailOptimizer: optimizerOf(config.optimizer.tail),
  } as const;
}
