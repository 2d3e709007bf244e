import cliProgress from 'cli-progress';
import type { Progress } from '../core/progress.js';
import type { Terminal } from './console.js';

/** A bar for each piece of long work; where the stream is no terminal, one line that it has begun. */
export function progressBars(terminal: Terminal): Progress {
  return {
    begin(what, total, unit) {
      if (terminal.isTTY !== true) {
        terminal.write(`${what}\n`);
        return { advance: () => undefined, end: () => undefined };
      }
      const format = total > 0 ? `${what} {bar} {percentage}%  {shown}` : `${what}  {shown}`;
      // gracefulExit would take SIGINT from the process, and a hidden cursor would outlive a kill.
      const options = { stream: terminal, format, gracefulExit: false, hideCursor: false, barsize: 24 };
      const bar = new cliProgress.SingleBar(options, cliProgress.Presets.shades_classic);
      let done = 0;
      const shown = () => ({ shown: unit === 'bytes' ? `${(done / 1e6).toFixed(1)} MB` : `${done} rows` });
      bar.start(total, 0, shown());
      return {
        advance(by) {
          done += by;
          bar.update(done, shown());
        },
        end() {
          bar.stop();
        },
      };
    },
  };
}
