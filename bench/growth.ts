import { fileURLToPath } from 'node:url';
import { numParameters } from '../src/models/layers.js';
import { lenet } from '../src/models/lenet.js';
import { splitNetwork } from '../src/models/network.js';
import type { Mode } from '../src/server/schemes/registry.js';
import { Contender } from './contender.js';
import { summarise, type Measurement } from './stats.js';

const NUM_ROUNDS = 5;
/** The ring, and the scheme that has most of everything: a tail a client, both halves averaged. */
const measured = ['sequential', 'splitfed_v1'] as const;

/** What is trained: lenet on pictures of the size of MNIST's, each client as many rows as the others. */
interface Point {
  readonly numClients: number;
  /** Of all clients. */
  readonly numRows: number;
  readonly batchSize: number;
  /** Last layer of the head. */
  readonly cut: string;
}

export interface GrowthJob extends Point {
  readonly mode: Mode;
  readonly numRounds: number;
}

/** Wall time, and the processor's of all threads. */
export interface RoundCost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Points that differ in one thing, from small to large. */
interface Dimension {
  readonly what: string;
  readonly sizeOf: (point: Point) => number;
  readonly points: readonly Point[];
  readonly per: 'round' | 'batch';
}

const base: Point = { numClients: 4, numRows: 6400, batchSize: 16, cut: 'pool2' };

const dimensions: readonly Dimension[] = [
  {
    what: 'clients, the same rows dealt to more',
    sizeOf: ({ numClients }) => numClients,
    points: [4, 40, 400].map((numClients) => ({ ...base, numClients })),
    per: 'round',
  },
  {
    what: 'clients, a batch each',
    sizeOf: ({ numClients }) => numClients,
    points: [4, 40, 400].map((numClients) => ({ ...base, numClients, numRows: 16 * numClients })),
    per: 'round',
  },
  {
    what: 'rows',
    sizeOf: ({ numRows }) => numRows,
    points: [1600, 6400].map((numRows) => ({ ...base, numRows })),
    per: 'round',
  },
  {
    what: 'parameters of the head, 40 clients with 2 batches',
    sizeOf: ({ cut }) => headParameters(cut),
    points: ['pool1', 'pool2', 'fc1'].map((cut) => ({ ...base, numClients: 40, numRows: 1280, cut })),
    per: 'round',
  },
  {
    what: 'rows a batch',
    sizeOf: ({ batchSize }) => batchSize,
    points: [8, 32, 128].map((batchSize) => ({ ...base, numRows: 2048, batchSize })),
    per: 'batch',
  },
];

/**
 * What a round (or a batch) costs as one thing grows, in wall time, processor time, and memory above that of a process without rows
 * and clients. Every point is a process of its own; they train a round each in turn. The exponent e of a cost says that it grows as
 * size ** e from the point before: 1 is linear.
 */
export async function* growth(): AsyncGenerator<Measurement> {
  for (const mode of measured) for (const dimension of dimensions) yield* grow(mode, dimension);
}

/** A cost at every point, in the order of the points. */
interface Series {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly (readonly number[])[];
}

async function* grow(mode: Mode, { what, sizeOf, points, per }: Dimension): AsyncGenerator<Measurement> {
  const processes: Contender[] = [];
  try {
    // Never the last round: in the ring it has a test of every client.
    for (const point of points)
      processes.push(await startProcess({ ...point, mode, numRounds: NUM_ROUNDS + 2 }));
    const costs = points.map((): RoundCost[] => []);
    for (let round = 0; round <= NUM_ROUNDS; round++) {
      for (const [index, process] of processes.entries()) {
        const cost = JSON.parse(await process.ask('round')) as RoundCost;
        if (round > 0) costs[index].push(cost); // the first warms up, and hands nothing over
      }
    }
    const memory: number[][] = [];
    for (const process of processes) memory.push([Number(await process.ask('memory'))]);
    const numUnits = points.map((point) => (per === 'round' ? 1 : numBatchesOf(point)));
    const each = (of: (cost: RoundCost) => number) =>
      costs.map((own, index) => own.map((cost) => of(cost) / numUnits[index]));
    const series: readonly Series[] = [
      { name: `a ${per}`, unit: 'ms', values: each(({ wallMs }) => wallMs) },
      { name: `a ${per}, processor`, unit: 'ms', values: each(({ cpuMs }) => cpuMs) },
      { name: 'memory', unit: 'MiB', values: memory },
    ];
    for (const one of series) yield* describe(`${mode}: ${what}`, points.map(sizeOf), one);
  } finally {
    for (const process of processes) process.close();
  }
}

function startProcess(job: GrowthJob): Promise<Contender> {
  const program = fileURLToPath(new URL('growth_process.js', import.meta.url));
  return Contender.start(process.execPath, '--expose-gc', program, JSON.stringify(job));
}

/** A line a point; with its multiple of the first point, and its exponent from the one before. */
function* describe(
  subject: string,
  sizes: readonly number[],
  { name, unit, values }: Series,
): Generator<Measurement> {
  const measurements = sizes.map((size, index) =>
    summarise(`${subject}: ${size}: ${name}`, values[index], unit),
  );
  const [first] = measurements;
  for (const [index, measurement] of measurements.entries()) {
    const { text, median } = measurement;
    if (index === 0) {
      yield measurement;
      continue;
    }
    const exponent =
      Math.log(median / measurements[index - 1].median) / Math.log(sizes[index] / sizes[index - 1]);
    const growth = `x ${(median / first.median).toFixed(2)}, exponent ${exponent.toFixed(2)}`;
    yield { ...measurement, text: `${text}  ${growth}` };
  }
}

function numBatchesOf({ numClients, numRows, batchSize }: Point): number {
  return numClients * Math.ceil(numRows / numClients / batchSize);
}

function headParameters(cut: string): number {
  const network = lenet({ picture: [1, 28, 28], numClasses: 10 });
  return numParameters(splitNetwork(network, cut).head.layers);
}
