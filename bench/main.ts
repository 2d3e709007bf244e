import { appendFileSync, mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { ledgerCost } from './ledger_cost.js';
import { linkCost } from './link_cost.js';
import { stepTime } from './step_time.js';
import type { Measurement } from './stats.js';

/** Runs every measurement, prints them as a table, and appends them to bench/results/. */
const measurements: Measurement[] = [];
for (const measure of [linkCost, ledgerCost, stepTime]) {
  for await (const measurement of measure()) {
    measurements.push(measurement);
    const { subject, text } = measurement;
    process.stdout.write(`${subject.padEnd(68)} ${text}\n`);
  }
}
const machine = `${cpus().length} x ${cpus()[0].model.trim()}, node ${process.version}`;
process.stdout.write(`on ${machine}\n`);
mkdirSync('bench/results', { recursive: true });
const when = new Date().toISOString();
appendFileSync('bench/results/results.jsonl', `${JSON.stringify({ when, machine, measurements })}\n`);
