import cliProgress from 'cli-progress';
import type { RoundEvent, VisitEvent } from '../core/events.js';
import { bannerOf, closingOf } from './banner.js';
import type { Sink } from './sink.js';
import { Speedometer } from './speed.js';

/** Where a console sink writes: standard output, or a test's. */
export type Terminal = NodeJS.WritableStream & { readonly isTTY?: boolean };

const BAR = '  {bar} {percentage}%  loss {loss}  accuracy {accuracy}  {pace} samples/s  {left} left';

/** What a person sees: what will run, a bar while it trains (plain lines where it is no terminal), what came out. */
export function consoleSink(terminal: Terminal): Sink {
  const display = terminal.isTTY === true ? liveDisplay(terminal) : plainDisplay(terminal);
  let speed = new Speedometer();
  let numRounds = 0;
  let numRowsToTrain = 0;
  let numRowsLeft = 0;
  return {
    name: 'the console',
    isEssential: false,
    start(info) {
      ({ numRounds, numRowsToTrain } = info);
      numRowsLeft = numRowsToTrain - info.numRowsDone;
      speed = new Speedometer();
      terminal.write(`${bannerOf(info)}\n`);
      display.start(numRowsToTrain, info.numRowsDone);
    },
    event(event) {
      speed.event(event);
      const pace = speed.samplesPerSecond;
      switch (event.type) {
        case 'step':
          numRowsLeft -= event.rows;
          display.progress(event.rows, {
            loss: event.loss.toFixed(3),
            accuracy: event.accuracy.toFixed(2),
            pace: pace.toFixed(0),
            left: formatSeconds(numRowsLeft / pace),
          });
          return;
        case 'visit':
          display.detail(
            `${visitLine(event)}  ${pace.toFixed(0)} samples/s  ${formatSeconds(numRowsLeft / pace)} left`,
          );
          return;
        case 'round':
          display.line(roundLine(event, numRounds));
          return;
        case 'hand_over':
        case 'average':
        case 'evaluation':
        case 'forgetting':
          return;
        default:
          event satisfies never;
      }
    },
    rewind({ steps, rows }) {
      numRowsLeft = numRowsToTrain - rows;
      display.goTo(rows);
      display.line(`back to batch ${steps}, the last checkpoint`);
    },
    end(summary) {
      display.stop();
      terminal.write(`${closingOf(summary)}\n`);
    },
    close() {
      display.stop();
    },
  };
}

interface Display {
  start(total: number, done: number): void;
  goTo(done: number): void;
  progress(by: number, values: Readonly<Record<'loss' | 'accuracy' | 'pace' | 'left', string>>): void;
  /** A line that is worth printing where no bar shows the course. */
  detail(line: string): void;
  line(line: string): void;
  stop(): void;
}

function plainDisplay(terminal: Terminal): Display {
  const line = (text: string) => {
    terminal.write(`${text}\n`);
  };
  return {
    start: () => undefined,
    goTo: () => undefined,
    progress: () => undefined,
    detail: line,
    line,
    stop: () => undefined,
  };
}

function liveDisplay(terminal: Terminal): Display {
  // gracefulExit would take SIGINT from the process, and a hidden cursor would outlive a kill.
  const options = { stream: terminal, format: BAR, gracefulExit: false, hideCursor: false, barsize: 24 };
  const bars = new cliProgress.MultiBar(options, cliProgress.Presets.shades_classic);
  let bar: cliProgress.SingleBar | undefined;
  return {
    goTo: (done) => bar?.update(done),
    start(total, done) {
      bar = bars.create(total, done, { loss: '-', accuracy: '-', pace: '-', left: '-' });
    },
    progress: (by, values) => bar?.increment(by, values),
    detail: () => undefined,
    line: (text) => {
      bars.log(`${text}\n`);
    },
    stop() {
      if (!bar) return;
      bar = undefined;
      // Lines wait for the next drawing, and stopping is none.
      bars.update();
      bars.stop();
    },
  };
}

function visitLine({ client, rows, loss, accuracy }: VisitEvent): string {
  return `  client ${client}  ${rows} rows  loss ${loss.toFixed(4)}  accuracy ${accuracy.toFixed(4)}`;
}

function roundLine({ round, train, test }: RoundEvent, numRounds: number): string {
  return (
    `round ${round + 1}/${numRounds}  train loss ${train.loss.toFixed(4)}  ` +
    `test loss ${test.loss.toFixed(4)}  test accuracy ${test.accuracy.toFixed(4)}`
  );
}

/** `1:05` */
function formatSeconds(seconds: number): string {
  const whole = Math.round(Math.max(0, Number.isFinite(seconds) ? seconds : 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
