import { Option, type Command } from 'commander';
import { InterruptedError } from '../core/errors.js';
import { hostHandler } from '../link/nats/host.js';
import { beat, BEAT_EVERY_MS } from '../link/nats/presence.js';
import { serveCalls } from '../link/nats/responder.js';
import { newSession } from '../link/nats/session.js';
import { subjectsOf } from '../link/nats/subjects.js';
import { progressBars } from '../report/progress_bar.js';
import { ClientHost } from './hosts/client_host.js';
import { connectParty } from './hosts/party.js';
import { wholeNumber } from './whole_number.js';

interface JoinOptions {
  readonly client: number;
  readonly key: string;
  readonly peers: string;
  readonly ca: string;
  readonly dataDir: string;
  readonly datasetsDir: string;
  readonly dir: string;
  /** Started by a server on this machine, with which it ends. */
  readonly untilStdinEnds?: true;
}

/** `bloom-split join`: takes part in a run as one of its clients, with rows of its own. */
export function addJoinCommand(program: Command): void {
  program
    .command('join')
    .description('Take part in a run on several hosts as one of its clients, until the run is over.')
    .argument('<url>', 'address of the NATS server, such as nats://host:4222')
    .requiredOption('--client <number>', 'which client this is, from 0', wholeNumber('--client', 0, 10_000))
    .requiredOption('--key <file>', "this client's own keys, as `bloom-split keys` made them")
    .requiredOption('--peers <file>', "everybody's public keys: the same file for all")
    .option('--ca <file>', 'certificate of the authority that signed that of the NATS server', '')
    .option('--data-dir <folder>', 'folder with the rows; without it the usual place of the data set', '')
    .option('--datasets-dir <folder>', 'where data sets are fetched to', 'datasets')
    .option('--dir <folder>', 'where heads, checkpoints and what happened are kept', 'outputs')
    .addOption(new Option('--until-stdin-ends').hideHelp())
    .action(joinRun);
}

async function joinRun(url: string, options: JoinOptions): Promise<void> {
  const { client, key, peers, ca, dataDir, datasetsDir, dir } = options;
  const say = (line: string) => process.stdout.write(`client ${client}: ${line}\n`);
  const end = new EndOfRun();
  if (options.untilStdinEnds) process.stdin.once('end', end.isOver).resume();
  try {
    const files = { keyFile: key, peersFile: peers, caFile: ca };
    const { connection, correspondence } = await connectParty(client, { url, ...files, warn: say });
    const host = new ClientHost({
      client,
      connection,
      correspondence,
      dataDir,
      datasetsDir,
      folder: dir,
      progress: progressBars(process.stderr),
      say,
      onEnd: end.isOver,
      onFatal: end.isImpossible,
    });
    const subjects = subjectsOf(correspondence.peers.runName);
    const session = newSession();
    const calls = serveCalls(
      connection,
      subjects.call(client),
      hostHandler(host, (message) => host.forClient(message)),
    );
    const state = () => ({ session, phase: host.phase });
    const heartbeat = beat(connection, subjects.beat(client), state, BEAT_EVERY_MS);
    say(`connected to ${url}; waiting for the server`);
    try {
      await end.awaited;
      // The last answer goes out before the connection does.
      await connection.flush();
    } finally {
      heartbeat.close();
      calls.close();
      await host.close();
      await connection.close();
    }
  } finally {
    end.close();
    if (options.untilStdinEnds) process.stdin.destroy();
  }
}

/** What a client's process waits for: the end of the run, a signal, or that it cannot go on. */
class EndOfRun {
  readonly awaited: Promise<void>;
  isOver!: () => void;
  isImpossible!: (error: Error) => void;
  #signal: NodeJS.Signals | undefined;

  constructor() {
    this.awaited = new Promise((resolve, reject) => {
      this.isOver = resolve;
      this.isImpossible = reject;
    });
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
  }

  close(): void {
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
  }

  readonly #onSignal = (signal: NodeJS.Signals) => {
    // A thread may hang, and an exit would wait for it.
    if (this.#signal) process.kill(process.pid, 'SIGKILL');
    this.#signal = signal;
    const message = `Stopped by ${signal}. The run waits for this client: start it again.`;
    this.isImpossible(new InterruptedError('ERR_INTERRUPTED', message, { signal }));
  };
}
