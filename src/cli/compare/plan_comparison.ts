import { loadConfig, type ConfigSources, type LoadedConfig } from '../../config/load.js';
import { assignmentsOf, cellsOf, type Settings, type Sweep } from '../../config/sweep.js';
import { BloomError, ConfigError } from '../../core/errors.js';
import type { Progress } from '../../core/progress.js';
import type { Cell, Comparison, Order } from '../../report/comparison/comparison.js';
import { COMPARISON_FORMAT } from '../../report/comparison/file.js';
import { measuresOf } from '../../report/comparison/measures.js';
import { planRun } from '../plan.js';
import { ownVersion } from '../versions.js';
import { estimateOf } from './estimate.js';

export interface ComparisonWish {
  readonly sources: ConfigSources;
  readonly sweeps: readonly Sweep[];
  /** So many a cell, from `seed` on; undefined where `seed` is as it is configured, or swept. */
  readonly numSeeds: number | undefined;
  readonly order: Order;
}

export interface PlannedComparison {
  readonly comparison: Comparison;
  /** Of a cell that can run: what is not swept, all have in common. */
  readonly common: LoadedConfig;
}

/**
 * Works out the cells of a comparison, with their data, before anything starts. A cell whose options contradict each other, or
 * the data, is skipped. Throws ConfigError where that is so of all, or a value is wrong.
 */
export async function planComparison(wish: ComparisonWish, progress: Progress): Promise<PlannedComparison> {
  const cells: Cell[] = [];
  let common: LoadedConfig | undefined;
  let firstProblem: BloomError | undefined;
  const allSettings = cellsOf(wish.sweeps);
  for (const [index, settings] of allSettings.entries()) {
    const planned = await planCell(wish.sources, settings, progress);
    if (planned instanceof BloomError) firstProblem ??= planned;
    else common ??= planned.loaded;
    cells.push(cellOf(planned, settings, index, wish));
  }
  if (common === undefined) {
    const problem = firstProblem?.message ?? '';
    const all = allSettings.length === 1 ? 'The only cell' : `None of the ${allSettings.length} cells`;
    throw new ConfigError(
      'ERR_NO_CELL',
      `${all} of this comparison can${allSettings.length === 1 ? 'not' : ''} be run. ${problem}`,
      {},
      { cause: firstProblem },
    );
  }
  return {
    comparison: {
      format: COMPARISON_FORMAT,
      version: ownVersion(),
      sweeps: wish.sweeps,
      seeds: [...new Set(cells.flatMap(({ runs }) => runs.map(({ seed }) => seed)))],
      order: wish.order,
      cells,
    },
    common,
  };
}

type PlannedCell = { readonly loaded: LoadedConfig; readonly estimate: number } | BloomError;

/** The error where the cell cannot run. Throws where a value is wrong by itself, since that is a slip of the whole command. */
async function planCell(
  sources: ConfigSources,
  settings: Settings,
  progress: Progress,
): Promise<PlannedCell> {
  try {
    const loaded = loadConfig(sources, assignmentsOf(settings));
    const plan = await planRun(loaded.config, progress);
    return { loaded, estimate: estimateOf(loaded.config, plan) };
  } catch (error) {
    const isOfAll = error instanceof ConfigError && settledCodes.includes(error.code);
    if (!(error instanceof BloomError) || isOfAll) throw error;
    return error;
  }
}

/** Of errors that no choice of values could mend. */
const settledCodes = ['ERR_CONFIG_FILE', 'ERR_CONFIG_KEY', 'ERR_CONFIG_TWO_NAMES'];

function cellOf(planned: PlannedCell, settings: Settings, index: number, { numSeeds }: ComparisonWish): Cell {
  const cell = { settings, measures: measuresOf([]) };
  if (planned instanceof BloomError)
    return { ...cell, why_skipped: planned.message, estimate: null, runs: [] };
  const { loaded, estimate } = planned;
  const first = loaded.config.seed;
  const runs = Array.from({ length: numSeeds ?? 1 }, (_, at) => ({
    seed: first + at,
    directory: `runs/${folderOf(settings, index)}_seed-${first + at}`,
    status: 'waiting' as const,
    why_failed: null,
    was_resumed: false,
    results: null,
  }));
  return { ...cell, why_skipped: null, estimate, runs };
}

const LONGEST_FOLDER = 80;

/** `02_n_workers-8_cut-pool1`: a name that every file system takes. */
function folderOf(settings: Settings, index: number): string {
  const parts = Object.entries(settings).map(([key, value]) => `_${key}-${String(value)}`);
  const name = parts
    .join('')
    .replace(/[^\w.-]/g, '-')
    .slice(0, LONGEST_FOLDER);
  return `${String(index + 1).padStart(2, '0')}${name}`;
}
