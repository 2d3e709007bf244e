import type { RunRecord } from '../plots/run_record.js';
import { count, plural, seconds } from './numbers.js';

/** A subject, and what is to be said of it. */
export type Fact = readonly [subject: string, text: string];

/** What came out, in a few numbers. */
export function headline({ summary }: RunRecord): readonly Fact[] {
  return [
    ['test accuracy', summary.accuracy.toFixed(4)],
    ['weighted F1', summary.weighted_f1.toFixed(4)],
    ['test loss', summary.loss.toFixed(4)],
    ['wall time', seconds(summary.wall_seconds)],
    ['samples/s trained', count(summary.samples_per_second)],
  ];
}

/** What ran. */
export function whatRan({ scheme, summary, evaluations, rounds, options }: RunRecord): readonly Fact[] {
  const option = (name: string) => options.find((each) => each.name === name)?.value ?? 'unknown';
  const numClients = summary.clients.length;
  return [
    [
      'data',
      `${summary.dataset}, ${evaluations.class_names.length} classes, ${count(evaluations.overall.rows)} test rows`,
    ],
    [
      'clients',
      `${numClients} with ${shardSizes(summary.clients.map(({ rows }) => rows))}, ${split(summary.data_split, option)}`,
    ],
    ['scheme', scheme.title],
    ['model', `${summary.model}, cut after ${summary.cut}${backOf(option)}`],
    [
      'training',
      `${plural(Number(option('n_epochs')), 'epoch')}, ${option('local_epochs')} a visit; ${plural(rounds.length, 'round')}, ` +
        `${plural(summary.steps, 'batch', 'batches')} of ${option('batch_size')} rows, ${count(summary.rows)} rows trained in all`,
    ],
    ...schemeFacts(summary.mode, option),
    ['optimiser of the head', optimizer('optimizer.head', option)],
    ['optimiser of the tail', optimizer('optimizer.tail', option)],
    ['seed', String(summary.seed)],
  ];
}

/** Options that mean something in this mode. */
function schemeFacts(mode: string, option: (name: string) => string): readonly Fact[] {
  const fraction = option('client_fraction');
  return [
    ...(mode === 'sequential' ? [['hand-over', option('handoff').replaceAll('_', ' ')] as const] : []),
    ...(mode.startsWith('splitfed')
      ? [['optimisers at averaging', option('splitfed_optimizer')] as const]
      : []),
    ...(fraction === '1' ? [] : [['clients drawn a round', fraction] as const]),
  ];
}

function backOf(option: (name: string) => string): string {
  const back = option('cut_back');
  if (option('u_shaped') !== 'true') return '';
  return back === 'default'
    ? "; the last layer is the clients' too"
    : `; the layers after ${back} are the clients' too`;
}

/** What it ran on. */
export function machine({ summary }: RunRecord): readonly Fact[] {
  const { threads, tail } = summary.devices;
  return [
    ...Object.entries(summary.versions),
    ['engine', summary.engine],
    ['worker threads', `${threads.length} on ${[...new Set(threads)].join(', ')}`],
    ['tail', `on ${tail}`],
    ['peak memory', `${count(summary.peak_memory_mb)} MB`],
    ['made in', summary.run_directory],
  ];
}

function shardSizes(rows: readonly number[]): string {
  const [least, most] = [Math.min(...rows), Math.max(...rows)];
  if (rows.length === 1) return `${count(least)} training rows`;
  return least === most
    ? `${count(least)} training rows each`
    : `${count(least)} to ${count(most)} training rows`;
}

function optimizer(key: string, option: (name: string) => string): string {
  const name = option(`${key}.name`);
  const parts = ['lr', ...(name === 'sgd' ? ['momentum'] : ['beta1', 'beta2']), 'weight_decay'];
  return [name, ...parts.map((part) => `${part.replace('_', ' ')} ${option(`${key}.${part}`)}`)].join(', ');
}

/** The option that shapes each way of splitting. */
const splitOptions: Partial<Record<string, string>> = {
  dirichlet: 'dirichlet_alpha',
  num_classes: 'classes_per_client',
  num_samples: 'samples_sigma',
};

function split(name: string, option: (name: string) => string): string {
  const shaping = splitOptions[name];
  return shaping === undefined ? `split ${name}` : `split ${name} (${shaping} ${option(shaping)})`;
}
