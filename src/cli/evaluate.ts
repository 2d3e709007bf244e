import { Option, type Command } from 'commander';
import { configFromFile } from '../config/load.js';
import type { RunConfig } from '../config/run_config.js';
import type { TestScore } from '../core/events.js';
import { noProgress } from '../core/progress.js';
import { readRequiredFile } from '../core/files.js';
import { engineChoices, type EngineChoice } from '../engine/choice.js';
import { splitNetwork } from '../models/network.js';
import { models } from '../models/registry.js';
import { decodeWeights } from '../models/weights.js';
import { testScoreOf } from '../metrics/classification.js';
import { runFiles } from '../report/run_directory.js';
import { evaluate } from '../server/evaluation.js';
import { openCluster, plainCluster } from './cluster.js';
import { optimizerOf, readRows } from './plan.js';

interface EvaluateOptions {
  readonly dataDir?: string;
  readonly engine?: EngineChoice;
}

/** `bloom-split evaluate RUN_DIR`: tests the model of a run. */
export function addEvaluateCommand(program: Command): void {
  program
    .command('evaluate')
    .description('Test the model of a run on its test rows: the same numbers as in its summary.json.')
    .argument('<run-directory>', 'a directory that `train` made')
    .option('--data-dir <folder>', 'folder with the files of the data set, if it has moved')
    .addOption(
      new Option('--engine <name>', 'what computes, if not what computed the run').choices(engineChoices),
    )
    .action(async (runDirectory: string, { dataDir, engine }: EvaluateOptions) => {
      const { config } = configFromFile(runFiles(runDirectory).config);
      const { loss, accuracy, rows } = await evaluateRun(runDirectory, {
        ...config,
        ...(dataDir === undefined ? {} : { data_dir: dataDir }),
        ...(engine === undefined ? {} : { engine }),
      });
      process.stdout.write(
        `test accuracy ${accuracy.toFixed(4)}, test loss ${loss.toFixed(6)} on ${rows} rows\n`,
      );
    });
}

/** Loss and accuracy of a run's saved head, which a client loads, and tail. */
export async function evaluateRun(
  runDirectory: string,
  config: RunConfig,
): Promise<TestScore & { rows: number }> {
  const files = runFiles(runDirectory);
  const dataset = await readRows(config, noProgress);
  const network = models[config.model](dataset.shape);
  const split = splitNetwork(network, config.cut);
  const tailFile = await readRequiredFile(files.tail, 'the tail of a finished run');
  const cluster = await openCluster({
    dataset,
    network,
    split,
    shards: [new Uint32Array()],
    ...plainCluster,
    rowOrder: 'in_order',
    batchSize: config.batch_size,
    seed: config.seed,
    engine: config.engine,
    numThreads: 1,
    // Where it was trained need not exist here.
    devices: 'auto',
    tailDevice: 'auto',
    headOptimizer: optimizerOf(config.optimizer.head),
    tailOptimizer: optimizerOf(config.optimizer.tail),
    tailWeights: decodeWeights(split.tail.layers, tailFile, files.tail),
  });
  try {
    const [client] = cluster.links;
    await client.loadHead({ path: files.head, prefix: '' });
    const { numRows } = dataset.test;
    const rows = { set: 'test', numRows } as const;
    const predictions = await evaluate(client, cluster.tail, rows, { generation: 0, step: 0 });
    return { ...testScoreOf(predictions), rows: numRows };
  } finally {
    await cluster.close();
  }
}
