import type { TopLevelSpec } from 'vega-lite';
import type { VisitEvent } from '../../core/events.js';
import { clientColor } from './client_color.js';
import type { LeftOut, PlotSpec } from './plot.js';
import type { RunRecord } from './run_record.js';
import { FAINT_COLOR, PAGE_WIDTH } from './theme.js';
import { runningMean, thinned } from './thinning.js';

/** Above so many visits a plot is too narrow for a line a visit, and shows their means. */
const MANY_VISITS = 100;
/** Drawn points of all batches, and of each client's means. */
const MAX_POINTS = 1600;
const MAX_MEANS = 300;
/** Batches over which the running mean goes: so many at least, such a part of the run, and no more of a visit. */
const MIN_WINDOW = 12;
const PARTS_OF_RUN = 80;
const PARTS_OF_VISIT = 4;

/** Loss of every batch over the whole run, in the colour of the client that trained it. */
export function lossPlot({ losses, stepClients, visits, summary, scheme }: RunRecord): PlotSpec | LeftOut {
  if (losses.length < 2) return { leftOut: 'Loss by step: there is only one batch.' };
  const numClients = summary.clients.length;
  const isLong = visits.length > MANY_VISITS;
  const ranges = scheme.clientsTakeTurns
    ? visits.map(({ client, steps: end }, visit) => ({
        client,
        steps: numbersUpTo(end).slice(visit === 0 ? 0 : visits[visit - 1].steps),
      }))
    : numbersUpTo(numClients).map((client) => ({
        client,
        steps: numbersUpTo(losses.length).filter((step) => stepClients[step] === client),
      }));
  const lines = isLong ? visitMeans(losses, visits, numClients) : clientLines(losses, ranges);
  const axis = lossAxis(lines);
  return {
    name: 'loss',
    title: 'Loss by step',
    caption: `${isLong ? ofMeans : scheme.clientsTakeTurns ? ofVisits : ofClients}${cutOf(lines, axis)}`,
    spec: specOf(lines, axis, clientColor(numClients)),
  };
}

const ofMeans = 'Grey: mean loss of each batch, before it is trained. Lines: mean of each visit, by client.';
const ofVisits =
  'Faint: mean loss of each batch, before it is trained. Strong: its running mean within a visit of the ' +
  'ring; a jump where the colour changes shows rows unlike those of the client before.';
const ofClients =
  'Faint: mean loss of each batch, before it is trained. Strong: its running mean, client by client.';

/** What is to be said of batches below the axis. */
function cutOf({ batches }: Lines, { scale }: LossAxis): string {
  const [low] = scale.domain ?? [-Infinity];
  return batches.some(({ loss }) => loss < low)
    ? ` The axis ends at ${low.toPrecision(1)}: batches with less loss are drawn there.`
    : '';
}

interface Lines {
  readonly batches: readonly Point[];
  readonly means: readonly Point[];
  /** Batches are drawn in their client's colour. */
  readonly colorsBatches: boolean;
}

interface Point {
  /** Batches trained up to here. */
  readonly step: number;
  readonly loss: number;
  readonly client: number;
  /** Points with the same number are one line. */
  readonly line: number;
}

/** Batches that one line goes through. */
interface Range {
  readonly client: number;
  readonly steps: readonly number[];
}

/** A faint and a strong line a range. */
function clientLines(losses: readonly number[], ranges: readonly Range[]): Lines {
  const window = Math.max(MIN_WINDOW, Math.ceil(losses.length / PARTS_OF_RUN));
  const budget = Math.max(4, Math.floor(MAX_POINTS / ranges.length));
  const batches: Point[] = [];
  const means: Point[] = [];
  for (const [line, { client, steps }] of ranges.entries()) {
    const values = steps.map((step) => losses[step]);
    const smooth = runningMean(
      values,
      0,
      values.length,
      Math.min(window, Math.ceil(values.length / PARTS_OF_VISIT)),
    );
    for (const at of thinned(values, 0, values.length, budget))
      batches.push({ step: steps[at] + 1, loss: values[at], client, line });
    for (const at of thinned(smooth, 0, values.length, budget))
      means.push({ step: steps[at] + 1, loss: smooth[at], client, line });
  }
  return { batches, means, colorsBatches: true };
}

function numbersUpTo(end: number): readonly number[] {
  return Array.from({ length: end }, (_, index) => index);
}

/** One faint line of all batches, and a line a client through the means of its visits. */
function visitMeans(losses: readonly number[], visits: readonly VisitEvent[], numClients: number): Lines {
  const batches = thinned(losses, 0, losses.length, MAX_POINTS).map((at) => ({
    step: at + 1,
    loss: losses[at],
    client: 0,
    line: 0,
  }));
  const means = Array.from({ length: numClients }, (_, client) => client).flatMap((client) => {
    const ofClient = visits.filter((visit) => visit.client === client);
    const values = ofClient.map(({ loss }) => loss);
    return thinned(values, 0, values.length, MAX_MEANS).map((at) => ({
      step: ofClient[at].steps,
      loss: values[at],
      client,
      line: client,
    }));
  });
  return { batches, means, colorsBatches: false };
}

function specOf(lines: Lines, axis: LossAxis, color: ReturnType<typeof clientColor>): TopLevelSpec {
  const { batches, means, colorsBatches } = lines;
  const detail = { field: 'line', type: 'nominal' } as const;
  return {
    width: PAGE_WIDTH - 140,
    height: 260,
    encoding: {
      x: {
        field: 'step',
        type: 'quantitative',
        title: 'step (batches trained)',
        scale: { nice: false, zero: true },
        axis: { tickCount: 8, grid: false },
      },
      y: {
        field: 'loss',
        type: 'quantitative',
        ...axis,
      },
      detail,
    },
    layer: [
      {
        data: { values: [...batches] },
        mark: { type: 'line', strokeWidth: 0.75, opacity: colorsBatches ? 0.35 : 1, color: FAINT_COLOR },
        encoding: colorsBatches ? { color } : {},
      },
      {
        data: { values: [...means] },
        mark: { type: 'line', strokeWidth: 1.75, strokeJoin: 'round' },
        encoding: { color },
      },
    ],
  };
}

interface LossAxis {
  readonly title: string;
  readonly scale: {
    readonly zero?: false;
    readonly type?: 'log';
    readonly domain?: [number, number];
    readonly clamp?: true;
    readonly nice?: false;
  };
  readonly axis?: { readonly values: number[] };
}

/** Along a logarithm where the loss falls far, or most of a run would lie on the axis; there, deep spikes are cut. */
function lossAxis({ batches, means }: Lines): LossAxis {
  const values = means.map(({ loss }) => loss);
  const low = Math.min(...values) / 2;
  const high = Math.max(...batches.map(({ loss }) => loss));
  const isLinear = low <= 0 || Math.max(...values) < 20 * low;
  return isLinear
    ? { title: 'training loss (cross-entropy)', scale: { zero: false } }
    : {
        title: 'training loss (cross-entropy, log scale)',
        scale: { type: 'log', domain: [low, high], clamp: true, nice: false },
        axis: { values: roundNumbers.filter((value) => value >= low && value <= high) },
      };
}

/** 1, 2 and 5 times powers of ten. */
const roundNumbers = Array.from({ length: 12 }, (_, index) => 10 ** (index - 8)).flatMap((power) => [
  power,
  2 * power,
  5 * power,
]);
