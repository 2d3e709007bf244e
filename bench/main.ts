import { appendFileSync, mkdirSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { onnxruntimeEngine } from '../src/engine/onnxruntime/engine.js';
import { againstPytorch, peerIn } from './against_pytorch.js';
import { brokerThroughput } from './broker_throughput.js';
import { growth } from './growth.js';
import { ledgerCost } from './ledger_cost.js';
import { linkCost } from './link_cost.js';
import { natsCost } from './nats_cost.js';
import { schemeSpeed } from './schemes.js';
import { stepTime } from './step_time.js';
import type { Measurement } from './stats.js';
import { formatRow, type Row } from './table.js';
import { wholeRun } from './whole_run.js';

/** Runnable processes of others, a minute's mean, up to which times can be trusted. */
const QUIET_LOAD = 0.5;

/**
 * Runs every measurement, prints them as a table, and appends them to bench/results/. From the environment: PEER, the folder of
 * PyTorch's loops (`torch_loops.py`); PEER_PYTHON, a Python with torch; DATA_DIR, files in CIFAR-10's binary format; ONLY, a
 * part of the names below.
 */
const { PEER, PEER_PYTHON = 'python3', DATA_DIR = '', ONLY = '' } = process.env;
const peer = peerIn(PEER, PEER_PYTHON);
if (!peer)
  process.stdout.write('PyTorch is left out: give PEER=FOLDER (of torch_loops.py) and PEER_PYTHON.\n');
const all: Readonly<Record<string, () => AsyncGenerator<Measurement | Row>>> = {
  against_pytorch: () => againstPytorch(peer),
  whole_run: () => wholeRun(DATA_DIR, 3),
  schemes: schemeSpeed,
  growth,
  link_cost: linkCost,
  nats_cost: natsCost,
  broker_throughput: brokerThroughput,
  ledger_cost: ledgerCost,
  step_time: stepTime,
};
const machine = `${cpus().length} x ${cpus()[0].model.trim()}, node ${process.version}, onnxruntime ${onnxruntimeEngine.version}`;
const load = loadavg()[0];
const isQuiet = load < QUIET_LOAD;
if (!isQuiet)
  process.stdout.write(`NOT QUIET: load ${load.toFixed(1)}. Nothing below counts as reached or missed.\n`);
const measurements: (Measurement & { reached?: boolean })[] = [];
for (const [, measure] of Object.entries(all).filter(([name]) => name.includes(ONLY))) {
  for await (const measurement of measure()) {
    const isRow = 'target' in measurement;
    measurements.push(
      isRow ? { ...measurement, reached: measurement.isReached(measurement.median) } : measurement,
    );
    const line = isRow
      ? formatRow(measurement, isQuiet)
      : `${measurement.subject.padEnd(60)} ${measurement.text}`;
    process.stdout.write(`${line}\n`);
  }
}
process.stdout.write(`on ${machine}; load ${load.toFixed(1)} before\n`);
mkdirSync('bench/results', { recursive: true });
const when = new Date().toISOString();
appendFileSync(
  'bench/results/results.jsonl',
  `${JSON.stringify({ when, machine, load, isQuiet, measurements })}\n`,
);
