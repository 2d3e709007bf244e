import { formatSize, seconds } from './page/numbers.js';
import { placementRows } from './placement.js';
import type { RunInfo, RunSummary } from './sink.js';
import { alignColumns } from './table.js';

/** Threads that the banner names one by one. */
const SHOWN_THREADS = 8;

/** What will run, a line a subject. */
export function bannerOf(info: RunInfo): string {
  const environment = info.fromEnvironment.map(
    ({ key, variable, value }) => `${key} = ${value} (${variable})`,
  );
  const lines: readonly (readonly [string, string])[] = [
    ['data', `${info.dataset}, ${info.numTrainRows} training and ${info.numTestRows} test rows`],
    ['from', info.dataOrigin],
    ['model', `${info.model}, cut after ${info.cut}`],
    ['head', `${info.numHeadParameters} parameters, ${info.optimizers.head}`],
    ['tail', `${info.numTailParameters} parameters, ${info.optimizers.tail}`],
    ...(info.numBackParameters === null
      ? []
      : [['back', `${info.numBackParameters} parameters on the clients, with the labels`] as const]),
    ['clients', `${clientsOf(info.shardSizes)} (${info.dataSplit}), batches of ${info.batchSize}`],
    [
      'training',
      [
        `${info.numRounds} rounds`,
        `${info.numSteps} batches`,
        ...info.schemeOptions,
        `seed ${info.seed}`,
      ].join(', '),
    ],
    [
      'engine',
      `${info.engine} ${info.engineVersion}${info.whyEngine === undefined ? '' : ` (${info.whyEngine})`}`,
    ],
    ...placementRows({ ...info, numClients: info.shardSizes.length }, SHOWN_THREADS),
    ...environment.map((text) => ['environment', text] as const),
    ['outputs', info.runDirectory],
  ];
  const table = alignColumns(lines).map((line) => `  ${line}`);
  return [`bloom-split: ${info.scheme}`, ...table, ...info.notices.map((text) => `note: ${text}`), ''].join(
    '\n',
  );
}

/** What came out, and where it is. */
export function closingOf(summary: RunSummary): string {
  const clients = summary.clients.map(
    ({ client, accuracy }) => `${client}: ${accuracy?.toFixed(4) ?? 'not trained'}`,
  );
  return [
    '',
    `test accuracy ${summary.accuracy.toFixed(4)}, weighted F1 ${summary.weighted_f1.toFixed(4)}, ` +
      `loss ${summary.loss.toFixed(4)} (final head and tail)`,
    `by client${summary.mode === 'sequential' ? ', after its last visit' : ''}: ${shortened(clients)}`,
    costsOf(summary),
    `${summary.samples_per_second.toFixed(0)} samples/s in training, ${summary.wall_seconds.toFixed(1)} s in all, ` +
      `peak memory ${summary.peak_memory_mb.toFixed(0)} MB`,
    `everything is in ${summary.run_directory} (report.html, summary.json, model/, ...)`,
    `test it again: npx bloom-split evaluate ${summary.run_directory}`,
  ].join('\n');
}

function costsOf({ traffic, compute_seconds: spent, repeated_bytes: repeated }: RunSummary): string {
  const { bytes_up, bytes_down, bytes_between_clients } = traffic;
  const [up, down, between] = [bytes_up, bytes_down, bytes_between_clients].map(formatSize);
  const again = repeated === 0 ? '' : ` and ${formatSize(repeated)} for batches that were trained again`;
  return (
    `sent ${up} up, ${down} down, ${between} between clients${again}; ` +
    `computed ${seconds(spent.client_compute)} on clients, ${seconds(spent.server_compute)} on the server`
  );
}

function clientsOf(shardSizes: readonly number[]): string {
  const sizes = shardSizes.map(String);
  const isEven = new Set(sizes).size === 1;
  return `${sizes.length} with ${isEven ? `${sizes[0]} rows each` : `${shortened(sizes)} rows`}`;
}

function shortened(items: readonly string[]): string {
  const shown = 8;
  return items.length <= shown
    ? items.join(', ')
    : `${items.slice(0, shown).join(', ')} and ${items.length - shown} more`;
}
