import { basename, dirname } from 'node:path';
import type { RunConfig } from '../../config/run_config.js';
import { toPlain } from '../../config/written.js';
import { ConfigError, DataError, messageOf } from '../../core/errors.js';
import type { Fault } from '../../link/faults.js';
import type { ClientFacts } from '../../link/nats/client_facts.js';
import type { PrepareRequest } from '../../link/nats/host.js';
import { beat, BEAT_EVERY_MS } from '../../link/nats/presence.js';
import { pathsUnder } from '../../link/nats/run_paths.js';
import { newSession } from '../../link/nats/session.js';
import { subjectsOf, type Subjects } from '../../link/nats/subjects.js';
import type { Checkpoint, SavedStates } from '../../server/checkpoint.js';
import type { ClientPool } from '../../server/client_pool.js';
import type { Placed } from '../cluster.js';
import { planOf } from '../plan.js';
import { ownVersion } from '../versions.js';
import { absentLink, goneError, openLine, type ClientLine } from './client_lines.js';
import type { ClientSide, RunClients, SideOptions } from './client_side.js';
import { knownRows, requireSame } from './known_rows.js';
import { openLocalHosts } from './local_hosts.js';
import { connectParty, type ConnectedParty } from './party.js';
import { Roster } from './roster.js';

/** Clients in processes of their own: waits until all are there, and asks them for what the plan needs. */
export async function openRemoteSide(config: RunConfig, options: SideOptions): Promise<ClientSide> {
  const opened: { close(): Promise<void> }[] = [];
  const close = async () => {
    for (const each of opened.reverse()) await each.close();
  };
  try {
    const { url, key_file: keyFile, peers: peersFile, ca_file: caFile } = config.nats;
    let place = { url, keyFile, peersFile, caFile };
    if (url === '') {
      const local = await openLocalHosts(config, options);
      opened.push(local);
      place = local;
    }
    const party = await connectParty('server', { ...place, warn: options.warn });
    opened.push(party.connection);
    const side = new RemoteSide(config, party, options);
    opened.push(side);
    const plan = planOf(config, knownRows(config, await side.prepare()));
    return { plan, clientsOf: (runDirectory) => side.clientsOf(runDirectory, plan.faults), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Keys that tell where the server keeps its files, which is nobody else's business. */
const ofTheServer = ['nats', 'output_dir', 'data_dir', 'datasets_dir'];

/** The server's end of what goes to the clients' processes. */
class RemoteSide {
  readonly #config: RunConfig;
  readonly #party: ConnectedParty;
  readonly #options: SideOptions;
  readonly #subjects: Subjects;
  readonly #roster: Roster;
  readonly #session = newSession();
  readonly #beat: { close(): void };
  /** By client. */
  #lines: readonly ClientLine[] = [];
  /** Clients that had not come back in time when the lines were opened last: nobody waits for them again. */
  readonly #givenUp = new Set<number>();
  #known: readonly ClientFacts[] = [];
  #generation = -1;
  #phase = 'waiting';

  constructor(config: RunConfig, party: ConnectedParty, options: SideOptions) {
    const { peers } = party.correspondence;
    if (peers.clients.length !== config.n_workers) {
      throw new ConfigError(
        'ERR_PEERS',
        `\`n_workers\` is ${config.n_workers}, but the list of peers has ${peers.clients.length} clients. Make them the same.`,
      );
    }
    this.#config = config;
    this.#party = party;
    this.#options = options;
    this.#subjects = subjectsOf(peers.runName);
    this.#roster = new Roster(party.connection, {
      numClients: config.n_workers,
      beats: this.#subjects.allBeats,
      now: () => performance.now(),
      say: options.say,
      interruptedBy: options.interruptedBy,
      onLoss: (client, why) => this.#lines.at(client)?.fail(why),
    });
    const state = () => ({ session: this.#session, phase: this.#phase, generation: this.#generation });
    this.#beat = beat(party.connection, this.#subjects.serverBeat, state, BEAT_EVERY_MS);
  }

  /** What every client knows of its rows. */
  async prepare(): Promise<readonly ClientFacts[]> {
    await this.#roster.waitForAll(Infinity);
    this.#openLines();
    return (this.#known = await Promise.all(this.#lines.map(({ host }) => host.prepare(this.#run))));
  }

  /** What a run is for a client. */
  get #run(): PrepareRequest {
    const told = Object.entries(toPlain(this.#config)).filter(([key]) => !ofTheServer.includes(key));
    return { config: JSON.stringify(Object.fromEntries(told)), version: ownVersion() };
  }

  clientsOf(runDirectory: string, faults: readonly Fault[]): RunClients {
    const run = `${basename(dirname(runDirectory))}_${basename(runDirectory)}`.replaceAll(/[^\w.-]/g, '-');
    const paths = pathsUnder(runDirectory);
    return {
      open: (placed) => this.#open(run, runDirectory, placed, faults),
      requireHeads: async (heads: readonly SavedStates[]) => {
        await this.#waitForAll();
        this.#openLines();
        await Promise.all(
          heads.map(async ({ path, sha256, clients: [client] }) => {
            if (this.#givenUp.has(client))
              throw new DataError('ERR_HEAD_GONE', `client ${client}, which has the head, is gone.`, {
                client,
              });
            await this.#lines[client].host.requireStates({ run, name: paths.toName(path), sha256 });
          }),
        );
      },
      keepHeadsOf: async (checkpoints: readonly Checkpoint[]) => {
        const folders = checkpoints.map(({ folder }) => basename(folder));
        await Promise.all(this.#here().map(({ host }) => host.keepStates({ run, folders })));
      },
      end: async () => {
        this.#phase = 'over';
        const told = await Promise.allSettled(this.#here().map(({ host }) => host.end({ run })));
        for (const each of told) if (each.status === 'rejected') this.#options.warn(messageOf(each.reason));
      },
    };
  }

  close(): Promise<void> {
    this.#beat.close();
    this.#roster.close();
    for (const line of this.#lines) line.close();
    return Promise.resolve();
  }

  /** Fresh clients, each on a new thread in its process; those that are gone for good are lost at the first call. */
  async #open(
    run: string,
    runDirectory: string,
    { engine }: Placed,
    faults: readonly Fault[],
  ): Promise<ClientPool> {
    await this.#waitForAll();
    this.#generation++;
    this.#phase = 'training';
    this.#openLines();
    const request = { run, start: this.#session, generation: this.#generation, engine, faults };
    await Promise.all(
      this.#here().map(async ({ client, host }) => {
        requireSame(client, this.#known[client], await host.prepare(this.#run));
        await host.open(request);
      }),
    );
    const lines = this.#lines;
    const links = lines.map((line) =>
      this.#givenUp.has(line.client) ? absentLink(line.client) : line.openLink(pathsUnder(runDirectory)),
    );
    const close = () => {
      for (const line of lines) line.closeLink();
      return Promise.resolve();
    };
    return { links, close };
  }

  /** Waits for who is gone. Throws ClientLostError where one does not come back in time, and its visits are not to be skipped. */
  async #waitForAll(): Promise<void> {
    const { rejoin_timeout_s: seconds, on_client_loss: policy } = this.#config;
    const absent = this.#roster.missing;
    for (const client of this.#givenUp) if (!absent.includes(client)) this.#givenUp.delete(client);
    const isWaitedFor = (client: number) => !this.#givenUp.has(client);
    const missing = await this.#roster.waitForAll(seconds * 1000, isWaitedFor);
    const late = missing.filter(isWaitedFor);
    if (late.length === 0) return;
    if (policy !== 'skip')
      throw goneError(
        late[0],
        `It did not come back within ${seconds} s (\`rejoin_timeout_s\`). Start it again, then go on.`,
      );
    for (const client of late) this.#givenUp.add(client);
  }

  #here(): readonly ClientLine[] {
    return this.#lines.filter(({ client }) => !this.#givenUp.has(client));
  }

  #openLines(): void {
    for (const line of this.#lines) line.close();
    const options = {
      connection: this.#party.connection,
      subjects: this.#subjects,
      callTimeoutMs: this.#config.call_timeout_s * 1000,
    };
    this.#lines = this.#party.correspondence.peers.clients.map((_, client) => openLine(client, options));
  }
}
