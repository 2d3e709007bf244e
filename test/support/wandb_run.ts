import { expect } from 'chai';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toYaml } from '../../src/config/written.js';
import { configFrom } from '../../src/config/load.js';

const folders: string[] = [];

/** A run directory as `train` leaves it while it trains, with this many batches in it; `removeRuns` removes it. */
export function makeRun(numSteps: number, wandb: object = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'bloom-split-track-'));
  folders.push(root);
  const directory = join(root, '2026-11-24', '14-03-22');
  mkdirSync(join(directory, '.hydra'), { recursive: true });
  writeFileSync(join(directory, '.hydra', 'config.yaml'), toYaml(configFrom({ seed: 7, wandb }).config));
  writeFileSync(join(directory, 'metrics.jsonl'), linesOf(0, numSteps));
  return directory;
}

/** Lines of metrics.jsonl: a visit after every tenth batch. */
export function linesOf(firstStep: number, numSteps: number): string {
  let lines = '';
  for (let step = firstStep; step < firstStep + numSteps; step++) {
    const place = { round: 0, client: Math.floor(step / 10) % 3 };
    lines += lineOf({ type: 'step', step, ...place, rows: 32, loss: 2 - step / 1e6, accuracy: 0.5 });
    if (step % 10 === 9) lines += lineOf({ type: 'visit', ...place, steps: step + 1, rows: 320, loss: 1.5 });
  }
  return lines;
}

export function lineOf(event: object): string {
  return `${JSON.stringify(event)}\n`;
}

/** What `train` writes at the end of a run. */
export function endRun(directory: string): void {
  const summary = { steps: 3, accuracy: 0.875, loss: 0.25, wall_seconds: 12.4, clients: [{ client: 0 }] };
  writeFileSync(join(directory, 'evaluation.json'), '{"class_names":["a"]}\n');
  writeFileSync(join(directory, 'summary.json'), JSON.stringify(summary));
  writeFileSync(join(directory, 'metrics.jsonl'), lineOf({ type: 'summary', steps: 3 }), { flag: 'a' });
}

/** A PNG of 3 x 2 black pixels, made with Pillow. */
export function png(): Buffer {
  return Buffer.from(PNG, 'base64');
}

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAC0lEQVR4nGNggAAAAAgAAbdYc5UAAAAASUVORK5CYII=';

export function addPlots(directory: string, names: readonly string[]): void {
  mkdirSync(join(directory, 'plots'), { recursive: true });
  for (const name of names) writeFileSync(join(directory, 'plots', name), png());
}

export function removeRuns(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
}

/** No file of a folder holds this text. */
export function expectNowhereIn(folder: string, text: string): void {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  expect(files).not.to.have.length(0);
  for (const file of files) expect(readFileSync(file).includes(text), file).to.equal(false);
}
