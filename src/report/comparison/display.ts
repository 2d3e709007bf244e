import cliProgress from 'cli-progress';
import type { Terminal } from '../console.js';
import { nameOf, type Cell, type CellRun } from './comparison.js';

/** What a person sees of a comparison under way. */
export interface ComparisonDisplay {
  begun(cell: Cell, run: CellRun): void;
  ended(cell: Cell, run: CellRun): void;
  stop(): void;
}

/** A line for every run that ends on `out`, and a bar over all runs on `bars`, where that is a terminal. */
export function comparisonDisplay(
  out: Terminal,
  bars: Terminal,
  { total, done }: { readonly total: number; readonly done: number },
): ComparisonDisplay {
  const bar = bars.isTTY === true ? drawnBar(bars, total, done) : undefined;
  let ended = done;
  return {
    begun(cell, run) {
      bar?.update(ended, `${nameOf(cell.settings)}, seed ${run.seed}`);
    },
    ended(cell, run) {
      // That it is stopped is said already.
      if (run.status === 'interrupted') return;
      ended += 1;
      const line = `[${ended}/${total}] ${nameOf(cell.settings)}, seed ${run.seed}: ${outcomeOf(run)}\n`;
      // A line that went past the bar would be drawn over.
      if (bar && out.isTTY === true) bar.log(line);
      else out.write(line);
      bar?.update(ended, '');
    },
    stop() {
      bar?.stop();
    },
  };
}

function outcomeOf({ status, why_failed, results }: CellRun): string {
  if (results === null) return status === 'failed' ? `failed: ${String(why_failed)}` : status;
  const time = results.wall_seconds === null ? '' : `, ${results.wall_seconds.toFixed(1)} s`;
  return `accuracy ${results.accuracy.toFixed(4)}${time}`;
}

function drawnBar(stream: Terminal, total: number, done: number) {
  // gracefulExit would take SIGINT from the process, and a hidden cursor would outlive a kill.
  const format = '  {bar} {value}/{total} runs  {now}';
  const options = { stream, format, gracefulExit: false, hideCursor: false, barsize: 24 };
  const bars = new cliProgress.MultiBar(options, cliProgress.Presets.shades_classic);
  const bar = bars.create(total, done, { now: '' });
  return {
    update: (value: number, now: string) => {
      bar.update(value, { now });
      // At once: runs are few and long.
      bars.update();
    },
    log: (line: string) => {
      bars.log(line);
    },
    stop() {
      // Lines wait for the next drawing, and stopping is none.
      bars.update();
      bars.stop();
    },
  };
}
