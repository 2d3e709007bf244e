import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Fields of summary.json that tell of time, speed and place. */
const NOT_OF_THE_RESULT = [
  'run_directory',
  'devices',
  'samples_per_second',
  'wall_seconds',
  'phase_seconds',
  'peak_memory_mb',
  'repeated_bytes',
  'compute_seconds',
];

/** Everything in a run directory that is a function of the configuration, by file: its SHA-256, or its content where it is small. */
export function resultOf(runDirectory: string): Readonly<Record<string, unknown>> {
  const model = readdirSync(join(runDirectory, 'model')).sort();
  const files = ['metrics.jsonl', 'evaluation.json', ...model.map((name) => join('model', name))];
  const hashes = files.map((name) => [name, sha256(readFileSync(join(runDirectory, name)))]);
  return { ...Object.fromEntries(hashes), summary: summaryOf(runDirectory) } as Record<string, unknown>;
}

function summaryOf(runDirectory: string): Record<string, unknown> {
  const text = readFileSync(join(runDirectory, 'summary.json'), 'utf8');
  const all = Object.entries(JSON.parse(text) as Record<string, unknown>);
  return Object.fromEntries(all.filter(([name]) => !NOT_OF_THE_RESULT.includes(name)));
}

/** Steps of the checkpoints in a run directory. */
export function checkpointsIn(runDirectory: string): readonly number[] {
  const folder = join(runDirectory, 'checkpoints');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => Number(name.slice('step-'.length)))
    .sort((a, b) => a - b);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
