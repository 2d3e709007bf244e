import { flows } from '../../core/costs.js';
import type { Evaluations } from '../../core/evaluation.js';
import type { RunSummary } from '../sink.js';
import type { Shape } from './shape.js';

const numbers: Shape = { listOf: 'number' };
const matrix: Shape = { listOf: numbers };
const scores: Readonly<Record<string, Shape>> = { loss: 'number', accuracy: 'number' };
const testScores: Readonly<Record<string, Shape>> = { ...scores, weighted_f1: 'number' };
const curve: Shape = { parts: { recall: numbers, precision: numbers } };

const report: Shape = {
  parts: {
    rows: 'number',
    ...testScores,
    macro_f1: 'number',
    micro_average_precision: 'number',
    classes: {
      listOf: {
        parts: {
          class: 'number',
          support: 'number',
          precision: 'number',
          recall: 'number',
          f1: 'number',
          average_precision: { nullOr: 'number' },
        },
      },
    },
    confusion: matrix,
    curves: { parts: { classes: { listOf: { nullOr: curve } }, micro: curve } },
  },
};

/** `evaluation.json` */
export const evaluationsShape: Shape = {
  parts: {
    class_names: { listOf: 'string' },
    overall: report,
    clients: { listOf: { nullOr: report } },
    class_counts: { nullOr: matrix },
    forgetting: {
      nullOr: {
        parts: {
          samples: 'number',
          visits: { listOf: { parts: { round: 'number', client: 'number', steps: 'number' } } },
          accuracy: { listOf: { listOf: { nullOr: 'number' } } },
        },
      },
    },
    notes: { listOf: 'string' },
  },
};

const amounts: Shape = {
  parts: Object.fromEntries(flows.map((flow) => [flow, { parts: { frames: 'number', bytes: 'number' } }])),
};

/** What a run cost, in `summary.json`. */
const costs: Readonly<Record<string, Shape>> = {
  traffic: {
    parts: {
      header_bytes: 'number',
      bytes_up: 'number',
      bytes_down: 'number',
      bytes_between_clients: 'number',
      messages: 'number',
      round_trips: 'number',
      flows: amounts,
      clients: { listOf: { parts: { flows: amounts, round_trips: 'number' } } },
    },
  },
  repeated_bytes: 'number',
  compute_seconds: {
    parts: {
      client_compute: 'number',
      client_waiting: 'number',
      server_compute: 'number',
      server_waiting: 'number',
      clients: { listOf: { parts: { compute: 'number', waiting: 'number' } } },
    },
  },
};

/** `summary.json` */
export const summaryShape: Shape = {
  parts: {
    steps: 'number',
    rows: 'number',
    ...testScores,
    clients: {
      listOf: {
        parts: {
          client: 'number',
          rows: 'number',
          loss: { nullOr: 'number' },
          accuracy: { nullOr: 'number' },
          weighted_f1: { nullOr: 'number' },
        },
      },
    },
    run_directory: 'string',
    dataset: 'string',
    model: 'string',
    mode: 'string',
    cut: 'string',
    seed: 'number',
    data_split: 'string',
    rows_left_out: 'number',
    why_left_out: 'string',
    skipped_visits: { listOf: 'string' },
    macro_f1: 'number',
    micro_average_precision: 'number',
    ...costs,
    engine: 'string',
    devices: { parts: { tail: 'string', threads: { listOf: 'string' } } },
    versions: { recordOf: 'string' },
    samples_per_second: 'number',
    wall_seconds: 'number',
    phase_seconds: { recordOf: 'number' },
    peak_memory_mb: 'number',
  },
};

/** A line of `metrics.jsonl`, whatever it tells. */
export const eventShape: Shape = { parts: { type: 'string' } };

/** Lines of `metrics.jsonl` by `type`: those that are drawn. */
export const eventShapes = {
  step: { parts: { step: 'number', client: 'number', ...scores } },
  visit: { parts: { round: 'number', client: 'number', steps: 'number', ...scores } },
  round: { parts: { round: 'number', train: { parts: scores }, test: { parts: testScores } } },
} as const satisfies Record<string, Shape>;

/** Which of the lists in `summary.json` has not as many entries as there are clients; else null. */
export function wrongCosts({ clients, traffic, compute_seconds }: RunSummary): string | null {
  const lists = { traffic, compute_seconds };
  const wrong = Object.entries(lists).find(([, list]) => list.clients.length !== clients.length);
  return wrong ? `"${wrong[0]}.clients" is not of ${clients.length}` : null;
}

/** Which of the lists in `evaluation.json` has not as many entries as there are classes, clients or tests; else null. */
export function wrongSize(evaluations: Evaluations, numClients: number): string | null {
  const { class_names, overall, clients, class_counts, forgetting } = evaluations;
  const numClasses = class_names.length;
  const reports = [overall, ...clients.filter((client) => client !== null)];
  const tables: readonly (readonly [string, readonly (readonly unknown[])[], number, number])[] = [
    ...reports.flatMap(({ confusion, classes, curves }) => [
      ['confusion', confusion, numClasses, numClasses] as const,
      ['classes', [classes], 1, numClasses] as const,
      ['curves', [curves.classes], 1, numClasses] as const,
    ]),
    ['clients', [clients], 1, numClients],
    ['class_counts', class_counts ?? [], class_counts ? numClients : 0, numClasses],
    ['forgetting', forgetting?.accuracy ?? [], forgetting?.visits.length ?? 0, numClients],
  ];
  const wrong = tables.find(
    ([, table, rows, columns]) => table.length !== rows || table.some((row) => row.length !== columns),
  );
  return wrong ? `"${wrong[0]}" is not ${wrong[2]} x ${wrong[3]}` : null;
}
