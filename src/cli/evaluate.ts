import { existsSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { configFromFile } from '../config/load.js';
import type { RunConfig } from '../config/run_config.js';
import { noProgress } from '../core/progress.js';
import { readRequiredFile } from '../core/files.js';
import { engineChoices, type EngineChoice } from '../engine/choice.js';
import type { ClassificationReport } from '../core/evaluation.js';
import type { SplitNetwork } from '../models/network.js';
import { OWN_ROWS } from '../data/splits/registry.js';
import { models } from '../models/registry.js';
import { decodeWeights } from '../models/weights.js';
import { meanReport, pooledReport } from '../metrics/mean_report.js';
import type { Link } from '../link/link.js';
import { runFiles } from '../report/run_directory.js';
import type { Protocol } from '../server/protocols/protocol.js';
import { protocolOf } from '../server/protocols/registry.js';
import { schemes } from '../server/schemes/registry.js';
import type { Scheme } from '../server/schemes/scheme.js';
import { openCluster, plainCluster, type Cluster } from './cluster.js';
import { openClientSide } from './hosts/client_side.js';
import { filesOfClient, headsDiffer } from './model_files.js';
import { computeOf, optimizerOf, readRows, splitOf } from './plan.js';
import { readSummary } from './read_summary.js';
import { openRunCluster } from './run_cluster.js';

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

/**
 * Loss and accuracy of a run's saved heads, which clients load, and tail; where every client has its own, their mean; where every client has
 * test rows of its own, of all rows together.
 */
export async function evaluateRun(runDirectory: string, config: RunConfig): Promise<ClassificationReport> {
  return config.link === 'threads'
    ? await evaluateHere(runDirectory, config)
    : await evaluateThere(runDirectory, config);
}

/** All files are here: one client loads one head after the other. */
async function evaluateHere(runDirectory: string, config: RunConfig): Promise<ClassificationReport> {
  const scheme = schemes[config.mode];
  const dataset = await readRows(config, noProgress);
  const network = models[config.model](dataset.shape);
  const split = splitOf(config, network);
  const cluster = await openCluster({
    dataset,
    network,
    split,
    shards: [new Uint32Array()],
    ...plainCluster,
    scheme: withOneTail(scheme),
    rowOrder: 'in_order',
    batchSize: config.batch_size,
    seed: config.seed,
    engine: config.engine,
    numThreads: 1,
    // Where it was trained need not exist here.
    devices: 'auto',
    tailDevice: 'auto',
    compute: computeOf(config),
    headOptimizer: optimizerOf(config.optimizer.head),
    tailOptimizer: optimizerOf(config.optimizer.tail),
    tailWeights: await savedTail(runDirectory, scheme, split),
  });
  try {
    const clients = headsDiffer(scheme)
      ? savedClients(runDirectory, { scheme, split }, config.n_workers)
      : [0];
    const saved = clients.map((client) => ({
      link: cluster.links[0],
      paths: filesOfClient(runDirectory, { scheme, split }, client),
      numRows: dataset.test.numRows,
    }));
    const protocol = protocolOf(scheme, split.back !== null, dataset.shape.numClasses);
    return meanReport(await testSaved(cluster, protocol, saved));
  } finally {
    await cluster.close();
  }
}

/** Those clients that have heads are asked to load and test them. */
async function evaluateThere(runDirectory: string, config: RunConfig): Promise<ClassificationReport> {
  const { client_files: files } = await readSummary(runDirectory);
  const toTerminal = (line: string) => process.stderr.write(`${line}\n`);
  const side = await openClientSide(
    { ...config, chaos: '' },
    { progress: noProgress, say: toTerminal, warn: toTerminal, interruptedBy: () => undefined },
  );
  try {
    const { scheme, split, dataset, testSizes } = side.plan;
    const plan = { ...side.plan, scheme: withOneTail(scheme) };
    const tailWeights = await savedTail(runDirectory, scheme, split);
    const cluster = await openRunCluster(config, plan, side.clientsOf(runDirectory).open, tailWeights);
    try {
      const holders = [...new Set(files.map(({ client }) => client))];
      const saved = holders.map((client) => ({
        link: cluster.links[client],
        paths: filesOfClient(runDirectory, { scheme, split }, client),
        numRows: testSizes[client],
      }));
      const protocol = protocolOf(scheme, split.back !== null, dataset.shape.numClasses);
      const reports = await testSaved(cluster, protocol, saved);
      return config.data_split === OWN_ROWS ? pooledReport(reports) : meanReport(reports);
    } finally {
      await cluster.close();
    }
  } finally {
    await side.close();
  }
}

/** Each head with the tail. */
async function testSaved(
  { tails }: Cluster,
  protocol: Protocol,
  saved: readonly { readonly link: Link; readonly paths: readonly string[]; readonly numRows: number }[],
): Promise<readonly ClassificationReport[]> {
  const reports: ClassificationReport[] = [];
  for (const { link, paths, numRows } of saved) {
    await link.loadHead({ files: paths.map((path) => ({ path, prefix: '' })) });
    const rows = { set: 'test', numRows } as const;
    reports.push(await protocol.test(link, tails.newest(), rows, { generation: 0, step: 0 }));
  }
  return reports;
}

/** One tail is enough: those of clients were averaged. */
function withOneTail(scheme: Scheme): Scheme {
  return scheme.tails === 'none' ? scheme : { ...scheme, tails: 'one' };
}

/** Empty where the clients have the whole network. */
async function savedTail(
  runDirectory: string,
  { tails }: Scheme,
  { tail }: SplitNetwork,
): Promise<Float32Array<ArrayBuffer>> {
  if (tails === 'none') return new Float32Array();
  const path = runFiles(runDirectory).tail;
  return decodeWeights(tail.layers, await readRequiredFile(path, 'the tail of a finished run'), path);
}

/** Clients that have left a head: one that was never drawn has none. */
function savedClients(
  runDirectory: string,
  trained: { readonly scheme: Scheme; readonly split: SplitNetwork },
  numClients: number,
): readonly number[] {
  const all = Array.from({ length: numClients }, (_, client) => client);
  const saved = all.filter((client) =>
    filesOfClient(runDirectory, trained, client).every((path) => existsSync(path)),
  );
  // Where nobody has one, the first one's is missed.
  return saved.length > 0 ? saved : [0];
}
