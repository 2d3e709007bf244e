import { join } from 'node:path';
import { DataError } from '../../core/errors.js';
import { readRequiredFile } from '../../core/files.js';
import { misfit, type Shape } from '../plots/shape.js';
import { writeJson } from '../run_directory.js';
import { orders, type Comparison } from './comparison.js';

/** Of `comparison.json`. */
export const COMPARISON_FORMAT = 1;

/** Paths inside the directory of a comparison. */
export const comparisonFiles = (directory: string) =>
  ({
    comparison: join(directory, 'comparison.json'),
    /** What all its runs have in common. */
    config: join(directory, 'config.yaml'),
    lock: join(directory, '.lock'),
    markdown: join(directory, 'comparison.md'),
    page: join(directory, 'comparison.html'),
    plots: join(directory, 'plots'),
  }) as const;

const number: Shape = { nullOr: 'number' };
const measure: Shape = { nullOr: { parts: { mean: 'number', spread: number, runs: 'number' } } };
const results: Shape = {
  parts: {
    accuracy: 'number',
    weighted_f1: 'number',
    macro_f1: 'number',
    loss: 'number',
    wall_seconds: number,
    bytes_up: number,
    bytes_down: number,
    client_seconds: number,
    forgetting: number,
  },
};
const shape: Shape = {
  parts: {
    sweeps: { listOf: { parts: { key: 'string', values: { listOf: 'scalar' } } } },
    seeds: { listOf: 'number' },
    order: 'string',
    cells: {
      listOf: {
        parts: {
          settings: { recordOf: 'scalar' },
          why_skipped: { nullOr: 'string' },
          estimate: number,
          runs: {
            listOf: {
              parts: {
                seed: 'number',
                directory: 'string',
                status: 'string',
                why_failed: { nullOr: 'string' },
                was_resumed: 'scalar',
                results: { nullOr: results },
              },
            },
          },
          measures: { recordOf: measure },
        },
      },
    },
  },
};

/** Writes `comparison.json`, whole or not at all. */
export async function writeComparison(directory: string, comparison: Comparison): Promise<void> {
  await writeJson(comparisonFiles(directory).comparison, comparison);
}

/** Reads `comparison.json`. Throws DataError where it is missing, damaged, or of another version than `version`. */
export async function readComparison(directory: string, version: string): Promise<Comparison> {
  const path = comparisonFiles(directory).comparison;
  const bytes = await readRequiredFile(path, 'in a directory that `bloom-split compare` made');
  const damaged = (problem: string) =>
    new DataError(
      'ERR_COMPARISON',
      `"${path}" is damaged: ${problem}. Take a copy of it that is whole, or begin the comparison anew.`,
      { path },
    );
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw damaged('it is not JSON');
  }
  const header = misfit(content, { parts: { format: 'number', version: 'string' } });
  if (header !== null) throw damaged(header);
  const comparison = content as Comparison;
  if (comparison.format !== COMPARISON_FORMAT || comparison.version !== version) {
    throw new DataError(
      'ERR_COMPARISON_VERSION',
      `"${path}" is of bloom-split ${comparison.version} (format ${comparison.format}), and this is ${version} (format ` +
        `${COMPARISON_FORMAT}): what they give is not comparable. Go on with that version, or begin the comparison anew.`,
      { path },
    );
  }
  const problem = misfit(content, shape);
  if (problem !== null) throw damaged(problem);
  if (!orders.includes(comparison.order)) throw damaged('"order" is none');
  return comparison;
}
