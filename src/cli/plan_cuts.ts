import type { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import type { RunConfig } from '../config/run_config.js';
import { gatherLabels, gatherPictures } from '../data/batches.js';
import { chooseEngine } from '../engine/choice.js';
import { loadEngine } from '../engine/registry.js';
import { flows } from '../planner/frames.js';
import { networkLines } from '../planner/network_time.js';
import type { PlacedParts } from '../planner/placed_parts.js';
import { recommendCut } from '../planner/recommend.js';
import { bytesOf, FRAME_HEADER_BYTES, totalAmounts, type ClientTraffic } from '../planner/traffic.js';
import { cutTable, type MeasuredCut } from '../report/cut_table.js';
import { formatSize } from '../report/page/numbers.js';
import { progressBars } from '../report/progress_bar.js';
import { alignColumns } from '../report/table.js';
import { inputFormat } from './cluster.js';
import { measureCut, type MeasureOptions } from './measure_cut.js';
import { addConfigOptions, configSources } from './options.js';
import { optimizerOf, planRun, type LocalPlan, type RunPlan } from './plan.js';
import { nameOf, plannedCut, plannedParts, plannedTraffic } from './planned_cuts.js';

/** `bloom-split plan`: what every cut would cost, before anything is trained, and which to take. */
export function addPlanCommand(program: Command): void {
  const command = program
    .command('plan')
    .description('Show what every possible cut costs clients, server and network, and recommend one.')
    .option('--measure', 'time a batch of every cut on this machine too, and count it in the epochs');
  addConfigOptions(command).action(async ({ measure }: { measure?: true }) => {
    const { config } = loadConfig(configSources(command));
    const plan = await planRun(config, progressBars(process.stderr));
    if (plan.scheme.tails === 'none') {
      process.stdout.write(`${nothingToCut(config, plan)}\n`);
      return;
    }
    const { all, asked } = plannedParts(plan);
    const measured = measure ? await measureAll(config, plan, all) : all.map(() => undefined);
    const rows = all.map((parts, index) => plannedCut(config, plan, parts, measured[index]));
    const { index: recommended, reason } = recommendCut(rows);
    const marked = rows.map((row, index) => ({
      ...row,
      isRecommended: index === recommended,
      isAsked: all[index] === asked,
    }));
    const lines = [
      headlineOf(config, plan),
      '',
      ...cutTable(marked),
      '',
      `* recommended: ${rows[recommended].name}: ${reason}`,
      `> what the options ask for: ${nameOf(asked)}`,
      '',
      ...legend(measure === true),
      '',
      `the whole run (n_epochs ${config.n_epochs}, tests included) cut after ${nameOf(asked)}:`,
      ...trafficTable(plannedTraffic(config, plan)),
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
  });
}

function headlineOf(config: RunConfig, { shardSizes, dataset, network }: RunPlan): string {
  const numRows = shardSizes.reduce((sum, size) => sum + size, 0);
  const clients = config.n_workers === 1 ? '1 client' : `${config.n_workers} clients`;
  return (
    `${network.model} on ${dataset.name}, ${config.mode}${config.u_shaped ? ', U-shaped' : ''}: ${clients} with ${numRows} rows, ` +
    `batches of ${config.batch_size}`
  );
}

function nothingToCut({ mode }: RunConfig, { scheme }: RunPlan): string {
  const where = scheme.joinsRows ? 'in one place' : 'on every client';
  return (
    `mode ${mode}: there is nothing to cut. The whole network is trained ${where}, and nothing is sent in training or tests. ` +
    'Choose another `mode` to plan a cut.'
  );
}

function trafficTable(clients: readonly ClientTraffic[]): readonly string[] {
  const amounts = totalAmounts(clients);
  const rows = flows
    .filter((flow) => amounts[flow].bytes > 0)
    .map((flow) => {
      const { frames, bytes } = amounts[flow];
      return [
        `  ${flow}`,
        `${frames} frames`,
        `${bytes} bytes`,
        `${formatSize(bytesOf(amounts[flow]))} with headers`,
      ];
    });
  return alignColumns(rows);
}

function legend(isMeasured: boolean): readonly string[] {
  const lines = networkLines.map(
    ({ name, upMbitPerS: up, downMbitPerS: down, roundTripMs: ms }) =>
      `${name} (${up} Mbit/s up, ${down} down, round trip ${ms} ms)`,
  );
  const time = isMeasured ? 'network, and client and server computing in turn' : 'network alone';
  return [
    'MFLOP: millions of additions and multiplications a row, forward and backward, without the loss.',
    'bytes: a row of training, up to the server and down. hand-over: what a client sends to the next one: its head, or of',
    '  heads that are averaged their sum and the mean.',
    'client memory: 4 bytes x (parameters x (3 + 2 x optimiser slots) + batch x (input + all kept values + output)).',
    `epoch: one pass of every client that is drawn, ${time}; ${FRAME_HEADER_BYTES} bytes of header a frame,`,
    '  the headers of packets, how visits and hand-overs begin, and the slow start of TCP after a rest; no tests, no checkpoints.',
    `lines: ${lines.join('; ')}.`,
    ...(isMeasured ? ['ms: a batch, forward + backward, medians on one thread of this machine.'] : []),
  ];
}

async function measureAll(
  config: RunConfig,
  { dataset, network }: LocalPlan,
  candidates: readonly PlacedParts[],
): Promise<readonly MeasuredCut[]> {
  const numRows = Math.min(config.batch_size, dataset.train.numRows);
  const rows = Uint32Array.from({ length: numRows }, (_, row) => row);
  const options: MeasureOptions = {
    engine: await loadEngine((await chooseEngine(config.engine)).name),
    x_BCHW: gatherPictures(dataset.train, rows, inputFormat(dataset, network)),
    labels_B: gatherLabels(dataset.train, rows),
    headOptimizer: optimizerOf(config.optimizer.head),
    tailOptimizer: optimizerOf(config.optimizer.tail),
    seed: config.seed,
  };
  const measured: MeasuredCut[] = [];
  for (const parts of candidates) measured.push(await measureCut(parts, options));
  return measured;
}
