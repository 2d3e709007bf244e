import type { RunConfig } from '../config/run_config.js';
import { initialWeights } from '../models/init.js';
import { openClusterOf, openLocalClients, type Cluster, type OpenClients } from './cluster.js';
import { optimizerOf, type LocalPlan, type RunPlan } from './plan.js';

/** Opens the cluster of a run: the server's part here, the clients wherever `openClients` has them. */
export function openRunCluster(config: RunConfig, plan: RunPlan, openClients: OpenClients): Promise<Cluster> {
  const options = {
    scheme: plan.scheme,
    splitfedOptimizer: config.splitfed_optimizer,
    split: plan.split,
    tailOptimizer: optimizerOf(config.optimizer.tail),
    tailWeights: initialWeights(plan.split.tail.layers, config.seed),
    callTimeoutMs: config.call_timeout_s * 1000,
    engine: config.engine,
    numThreads: plan.numThreads,
    devices: config.devices,
    tailDevice: config.tail_device,
  };
  return openClusterOf(options, plan.shardSizes.length, openClients);
}

/** The clients of a run whose rows are all in this process, on threads of it. */
export function localClients(config: RunConfig, plan: LocalPlan): OpenClients {
  const options = {
    ...plan,
    shards: plan.partition.shards,
    sharesClassCounts: config.share_class_counts,
    callTimeoutMs: config.call_timeout_s * 1000,
    rowOrder: 'shuffled',
    batchSize: config.batch_size,
    seed: config.seed,
    headOptimizer: optimizerOf(config.optimizer.head),
    tailOptimizer: optimizerOf(config.optimizer.tail),
  } as const;
  return (placed) => openLocalClients(options, placed);
}
