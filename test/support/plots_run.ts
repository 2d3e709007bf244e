import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { schemeText } from '../../src/cli/scheme_text.js';
import { totalTraffic } from '../../src/core/costs.js';
import type { ClassificationReport, Evaluations } from '../../src/core/evaluation.js';
import type { RoundEvent, VisitEvent } from '../../src/core/events.js';
import type { RunOption, RunRecord } from '../../src/report/plots/run_record.js';
import { runFiles } from '../../src/report/run_directory.js';
import { clientTraffic, runSummary } from './link_reports.js';

export interface MadeRun {
  readonly numClients?: number;
  readonly numClasses?: number;
  readonly numRounds?: number;
  readonly stepsPerVisit?: number;
  /** Clients that have few classes each, and forget the others. */
  readonly isSkewed?: boolean;
}

const options: readonly RunOption[] = [
  ['n_epochs', '3', '5'],
  ['local_epochs', '1', '1'],
  ['n_workers', '2', '4'],
  ['handoff', 'weights_and_optimizer', 'weights_and_optimizer'],
  ['batch_size', '32', '32'],
  ['optimizer.head.name', 'sgd', 'sgd'],
  ['optimizer.head.lr', '0.01', '0.01'],
  ['optimizer.head.momentum', '0.9', '0.9'],
  ['optimizer.head.weight_decay', '0.0005', '0.0005'],
  ['optimizer.tail.name', 'adam', 'sgd'],
  ['optimizer.tail.lr', '0.001', '0.01'],
  ['optimizer.tail.beta1', '0.9', '0.9'],
  ['optimizer.tail.beta2', '0.999', '0.999'],
  ['optimizer.tail.weight_decay', '0.0005', '0.0005'],
].map(([name, value, standard]) => ({ name, value, default: standard, isChanged: value !== standard }));

/** A run with numbers that a formula made: as many clients, classes and rounds as asked, the same ones every time. */
export function madeRun(made: MadeRun = {}): RunRecord {
  const { numClients = 2, numClasses = 3, numRounds = 3, stepsPerVisit = 4, isSkewed = false } = made;
  const numVisits = numClients * numRounds;
  const losses = Array.from({ length: numVisits * stepsPerVisit }, (_, step) => {
    const inVisit = isSkewed ? 1.5 * Math.exp((-8 * (step % stepsPerVisit)) / stepsPerVisit) : 0;
    return (
      0.05 + 2.2 * Math.exp((-6 * step) / (numVisits * stepsPerVisit)) * (0.8 + 0.4 * noise(step)) + inVisit
    );
  });
  const visits = Array.from({ length: numVisits }, (_, visit): VisitEvent => {
    const steps = (visit + 1) * stepsPerVisit;
    const [round, client] = [Math.floor(visit / numClients), visit % numClients];
    const loss = mean(losses.slice(steps - stepsPerVisit, steps));
    return { type: 'visit', round, client, steps, rows: 32 * stepsPerVisit, loss, accuracy: 1 / (1 + loss) };
  });
  const rounds = Array.from({ length: numRounds }, (_, round): RoundEvent => {
    const accuracy = 1 - 0.8 / (round + 2);
    return {
      type: 'round',
      round,
      steps: (round + 1) * numClients * stepsPerVisit,
      rows: 32 * numClients * stepsPerVisit,
      train: { loss: 1 - accuracy, accuracy: accuracy - 0.05 },
      test: { loss: 1 - accuracy, accuracy, weighted_f1: accuracy - 0.01 },
    };
  });
  const evaluations = evaluationsOf(numClients, numClasses, visits, isSkewed);
  const { loss, accuracy, weighted_f1, macro_f1, micro_average_precision } = evaluations.overall;
  const summary = {
    ...runSummary,
    ...{ loss, accuracy, weighted_f1, macro_f1, micro_average_precision },
    steps: losses.length,
    rows: 32 * losses.length,
    traffic: totalTraffic(evaluations.clients.map(() => clientTraffic(numRounds * stepsPerVisit))),
    compute_seconds: {
      ...runSummary.compute_seconds,
      clients: evaluations.clients.map(() => ({ compute: 3 / numClients, waiting: 2 / numClients })),
    },
    clients: evaluations.clients.map((report, client) => ({
      client,
      rows: 32 * stepsPerVisit,
      loss: report?.loss ?? null,
      accuracy: report?.accuracy ?? null,
      weighted_f1: report?.weighted_f1 ?? null,
    })),
  };
  const stepClients = losses.map((_, step) => Math.floor(step / stepsPerVisit) % numClients);
  const scheme = schemeText({ mode: 'sequential', u_shaped: false, data_split: 'iid' });
  return { scheme, losses, stepClients, visits, rounds, evaluations, options, summary };
}

function evaluationsOf(
  numClients: number,
  numClasses: number,
  visits: readonly VisitEvent[],
  isSkewed: boolean,
): Evaluations {
  const counts = Array.from({ length: numClients }, (_, client) =>
    Array.from({ length: numClasses }, (_, label) => {
      const share = isSkewed ? Math.max(0, 1 - Math.abs(label / numClasses - client / numClients) * 6) : 1;
      return Math.round(share * (80 + 60 * noise(client * 97 + label)));
    }),
  );
  const names =
    numClasses === 62
      ? Array.from('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz')
      : numClasses === 10
        ? ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck']
        : counts[0].map((_, label) => String(label));
  return {
    class_names: names,
    overall: reportOf(numClasses, 0.9),
    clients: counts.map((_, client) => reportOf(numClasses, 0.6 + (0.3 * (client + 1)) / numClients)),
    class_counts: counts,
    forgetting: {
      samples: 1000,
      visits: visits.map(({ round, client, steps }) => ({ round, client, steps })),
      accuracy: visits.map((visit, at) =>
        counts.map((_, client) => {
          const age = (visit.client - client + numClients) % numClients;
          const learned = 0.95 - 0.8 * Math.exp(-at / numClients);
          return isSkewed ? learned * Math.exp((-2.5 * age) / numClients) : learned;
        }),
      ),
    },
    notes: [],
  };
}

/** Each row is right with about `quality`, and else mostly the class beside. */
function reportOf(numClasses: number, quality: number): ClassificationReport {
  const classes = Array.from({ length: numClasses }, (_, label) => label);
  const qualityOf = (label: number) => Math.max(0.1, quality - 0.3 * noise(label * 31));
  const confusion = classes.map((label) =>
    classes.map((answer) => {
      const distance = Math.abs(label - answer);
      if (distance === 0) return Math.round(100 * qualityOf(label));
      return Math.floor((100 * (1 - qualityOf(label)) * noise(label * 13 + answer * 7)) / distance ** 1.5);
    }),
  );
  const curve = (area: number) => {
    const recall = Array.from({ length: 50 }, (_, at) => at / 49);
    return { recall, precision: recall.map((value) => 1 - (1 - area) * 2 * value ** (1 / (1.02 - area))) };
  };
  return {
    rows: confusion.flat().reduce((sum, count) => sum + count, 0),
    loss: 1 - quality,
    accuracy: quality,
    weighted_f1: quality - 0.01,
    macro_f1: quality - 0.02,
    micro_average_precision: quality,
    classes: classes.map((label) => ({
      class: label,
      support: confusion[label].reduce((sum, count) => sum + count, 0),
      precision: qualityOf(label),
      recall: qualityOf(label),
      f1: qualityOf(label),
      average_precision: qualityOf(label),
    })),
    confusion,
    curves: { classes: classes.map((label) => curve(qualityOf(label))), micro: curve(quality) },
  };
}

/** Of 0 to 1, and looks random. */
function noise(seed: number): number {
  const value = Math.sin(seed * 12.9898 + 78.233) * 43758.5453;
  return value - Math.floor(value);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Writes a run's files, as a finished training leaves them. */
export function writeRun(
  directory: string,
  { losses, visits, rounds, summary, evaluations }: RunRecord,
): void {
  const files = runFiles(directory);
  const clientOf = (step: number) => visits.find(({ steps }) => step < steps)?.client ?? 0;
  const steps = losses.map((loss, step) => ({
    type: 'step',
    step,
    round: 0,
    client: clientOf(step),
    rows: 32,
    loss,
    accuracy: 0.5,
  }));
  const events = [...steps, ...visits, ...rounds, { type: 'summary', accuracy: summary.accuracy }];
  mkdirSync(dirname(files.config), { recursive: true });
  writeFileSync(files.config, 'n_epochs: 3\n');
  writeFileSync(files.overrides, '- n_epochs=3\n');
  writeFileSync(files.metrics, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  writeFileSync(files.summary, JSON.stringify(summary));
  writeFileSync(files.evaluation, JSON.stringify(evaluations));
}
