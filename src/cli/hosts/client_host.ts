import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configFrom } from '../../config/load.js';
import type { RunConfig } from '../../config/run_config.js';
import { ConfigError, ProtocolError, StuckThreadError } from '../../core/errors.js';
import type { Progress } from '../../core/progress.js';
import type { Connection } from '../../link/nats/connection.js';
import type { ClientFacts } from '../../link/nats/client_facts.js';
import type {
  HostService,
  KeepRequest,
  OpenRequest,
  PrepareRequest,
  StatesRequest,
} from '../../link/nats/host.js';
import { openMail } from '../../link/nats/mail.js';
import { pathsUnder, type RunPaths } from '../../link/nats/run_paths.js';
import { linkHandler } from '../../link/nats/nats_link.js';
import { RETRY_MS } from '../../link/nats/subjects.js';
import type { Correspondence } from '../../link/nats/sealed.js';
import { readChecked } from '../../link/state_file.js';
import { startLoneClient } from '../../server/client_pool.js';
import { planRun, type LocalPlan } from '../plan.js';
import { loneSetup } from '../run_cluster.js';
import { ownVersion } from '../versions.js';

export interface ClientHostOptions {
  readonly client: number;
  readonly connection: Connection;
  readonly correspondence: Correspondence;
  /** Empty for the usual place of the data set. */
  readonly dataDir: string;
  readonly datasetsDir: string;
  /** Where the folders of its runs are made. */
  readonly folder: string;
  readonly progress: Progress;
  /** Told what happens, for people. */
  readonly say: (line: string) => void;
  /** The run is over; or this process cannot go on. */
  readonly onEnd: () => void;
  readonly onFatal: (error: Error) => void;
}

interface Prepared {
  /** What the server sent. */
  readonly sent: string;
  readonly config: RunConfig;
  readonly plan: LocalPlan;
  /** Which faults have happened, by the start of the run: each happens once. */
  readonly fired: Map<string, Int32Array<SharedArrayBuffer>>;
}

interface Opened {
  readonly handle: (message: unknown) => Promise<unknown>;
  close(): Promise<void>;
}

/** The process of one client: it reads the client's rows, and brings its thread up when the server says so. */
export class ClientHost implements HostService {
  readonly #options: ClientHostOptions;
  #prepared: Prepared | undefined;
  #opened: Opened | undefined;
  /** What was asked for last of opening and closing: one after the other. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: ClientHostOptions) {
    this.#options = options;
  }

  /** For whoever asks where everybody is. */
  get phase(): string {
    if (this.#opened) return 'training';
    return this.#prepared ? 'ready' : 'waiting';
  }

  async prepare({ config: sent, version }: PrepareRequest): Promise<ClientFacts> {
    if (version !== ownVersion()) {
      throw new ConfigError(
        'ERR_VERSION',
        `Client ${this.#options.client} has bloom-split ${ownVersion()}, the server ${version}. Install the same version on both.`,
        { client: this.#options.client },
      );
    }
    // Also a run that is begun again: faults that have happened do not happen twice.
    if (this.#prepared?.sent === sent) return factsOf(this.#prepared.plan, this.#options.client);
    const { dataDir, datasetsDir, folder, progress } = this.#options;
    // Who trains what when is the server's to know, and what goes wrong on purpose.
    const planned = { chaos: '', skip_visits: '', max_steps: 0 };
    const places = { data_dir: dataDir, datasets_dir: datasetsDir, output_dir: folder, nats: {} };
    const options = { ...parsed(sent), ...planned, ...places };
    const { config } = configFrom(options, 'the configuration that the server sent');
    const plan = await planRun(config, progress, this.#options.client);
    this.#prepared = { sent, config, plan, fired: new Map() };
    return factsOf(plan, this.#options.client);
  }

  open(request: OpenRequest): Promise<void> {
    return this.#next(async () => {
      await this.#closeThread();
      this.#opened = await this.#start(request);
      this.#options.say(
        request.generation === 0 ? `training ${request.run}` : `training ${request.run} again, after a loss`,
      );
    });
  }

  async requireStates({ run, name, sha256 }: StatesRequest): Promise<void> {
    await readChecked({ path: this.#pathsOf(run).toPath(name), sha256 });
  }

  async keepStates({ run, folders }: KeepRequest): Promise<void> {
    const checkpoints = this.#pathsOf(run).toPath('checkpoints');
    const there = await readdir(checkpoints).catch((error: unknown) => {
      // It has none yet.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    });
    const gone = there.filter((name) => !folders.includes(name));
    await Promise.all(gone.map((name) => rm(join(checkpoints, name), { recursive: true, force: true })));
  }

  end({ run }: { readonly run: string }): Promise<void> {
    this.#options.say(`${run} is over`);
    this.#options.onEnd();
    return Promise.resolve();
  }

  /** Handles what the server asks its client. */
  async forClient(message: unknown): Promise<unknown> {
    if (!this.#opened) {
      throw new ProtocolError(
        'ERR_NOT_OPEN',
        `Client ${this.#options.client} was asked for something before it was opened.`,
        { client: this.#options.client },
      );
    }
    return await this.#opened.handle(message);
  }

  close(): Promise<void> {
    return this.#next(async () => {
      await this.#closeThread();
    });
  }

  async #closeThread(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    try {
      await opened?.close();
    } catch (error) {
      if (error instanceof StuckThreadError) this.#options.onFatal(error);
      throw error;
    }
  }

  #next(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #start({ run, start, generation, engine, faults }: OpenRequest): Promise<Opened> {
    const { client, connection, correspondence, say } = this.#options;
    if (!this.#prepared)
      throw new ProtocolError('ERR_NOT_OPEN', `Client ${client} knows no run yet.`, { client });
    const { config, plan, fired } = this.#prepared;
    const firedFaults = fired.get(start) ?? new Int32Array(new SharedArrayBuffer(4 * faults.length));
    fired.set(start, firedFaults);
    const setup = { ...(await loneSetup(config, plan, engine)), faults, firedFaults };
    const own = { client, shard: plan.partition.shards[client] };
    const numClients = config.n_workers;
    const threadFile = fileURLToPath(new URL('../../client/thread.js', import.meta.url));
    const callTimeoutMs = config.call_timeout_s * 1000;
    const lone = await startLoneClient(setup, own, numClients, { threadFile, callTimeoutMs });
    const mail = openMail(connection, {
      port: lone.mail,
      client,
      numClients,
      correspondence,
      start,
      generation,
      retryMs: RETRY_MS,
      warn: say,
    });
    return {
      handle: linkHandler(lone.link, this.#pathsOf(run)),
      async close() {
        mail.close();
        await lone.close();
      },
    };
  }

  #pathsOf(run: string): RunPaths {
    return pathsUnder(pathsUnder(this.#options.folder).toPath(run));
  }
}

function factsOf(plan: LocalPlan, client: number): ClientFacts {
  const { dataset, partition, shardSizes, untestedClasses, numForgettingRows, dataSha256 } = plan;
  const { name, shape, classNames, background, isVerified, train, test } = dataset;
  return {
    name,
    shape,
    classNames,
    background,
    isVerified,
    numTrainRows: train.numRows,
    numTestRows: test.numRows,
    shardSize: shardSizes[client],
    numLeftOut: partition.numLeftOut,
    whyLeftOut: partition.whyLeftOut,
    untestedClasses,
    numForgettingRows,
    dataSha256: dataSha256(),
  };
}

/** Throws ProtocolError where it is not an object. */
function parsed(sent: unknown): object {
  try {
    const value: unknown = JSON.parse(String(sent));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Told below.
  }
  throw new ProtocolError('ERR_SENT_CONFIG', 'The server sent a configuration that is no JSON object.');
}
