import { basename, dirname } from 'node:path';
import type { RunConfig } from '../../config/run_config.js';
import { toPlain } from '../../config/written.js';
import { ClientLostError, ConfigError } from '../../core/errors.js';
import { CallGuard } from '../../link/call_guard.js';
import type { Link } from '../../link/link.js';
import { openCaller, type Caller } from '../../link/nats/caller.js';
import { hostOver, type ClientFacts, type HostService } from '../../link/nats/host.js';
import { openNatsLink } from '../../link/nats/nats_link.js';
import { beat, BEAT_EVERY_MS } from '../../link/nats/presence.js';
import { pathsUnder } from '../../link/nats/run_paths.js';
import { newSession } from '../../link/nats/session.js';
import { RETRY_MS, subjectsOf } from '../../link/nats/subjects.js';
import type { Checkpoint, SavedStates } from '../../server/checkpoint.js';
import type { ClientPool } from '../../server/client_pool.js';
import type { Placed } from '../cluster.js';
import { planOf } from '../plan.js';
import { ownVersion } from '../versions.js';
import type { ClientSide, RunClients, SideOptions } from './client_side.js';
import { knownRows } from './known_rows.js';
import { openLocalHosts } from './local_hosts.js';
import { connectParty, type ConnectedParty } from './party.js';
import { Roster } from './roster.js';

/** Clients in processes of their own: waits until all are there, and asks them for what the plan needs. */
export async function openRemoteSide(config: RunConfig, options: SideOptions): Promise<ClientSide> {
  const local = config.nats.url === '' ? await openLocalHosts(config, options) : undefined;
  try {
    const { url, key_file: keyFile, peers: peersFile, ca_file: caFile } = config.nats;
    const files = local ?? { url, keyFile, peersFile, caFile };
    const party = await connectParty('server', { ...files, warn: options.warn });
    const side = new RemoteSide(config, party, options);
    const close = async () => {
      await side.close();
      await local?.close();
    };
    try {
      const plan = planOf(config, knownRows(config, await side.prepare()));
      return { plan, clientsOf: (runDirectory) => side.clientsOf(runDirectory), close };
    } catch (error) {
      await side.close();
      throw error;
    }
  } catch (error) {
    await local?.close();
    throw error;
  }
}

/** The server's end of what goes to the clients' processes. */
class RemoteSide {
  readonly #config: RunConfig;
  readonly #party: ConnectedParty;
  readonly #roster: Roster;
  readonly #session = newSession();
  readonly #beat: { close(): void };
  #callers: readonly Caller[] = [];
  #generation = -1;
  #phase = 'waiting';

  constructor(config: RunConfig, party: ConnectedParty, { say, interruptedBy }: SideOptions) {
    this.#config = config;
    this.#party = party;
    const { peers } = party.correspondence;
    if (peers.clients.length !== config.n_workers) {
      throw new ConfigError(
        'ERR_PEERS',
        `\`n_workers\` is ${config.n_workers}, but the list of peers has ${peers.clients.length} clients. Make them the same.`,
      );
    }
    const subjects = subjectsOf(peers.runName);
    this.#roster = new Roster(party.connection, {
      numClients: config.n_workers,
      beats: subjects.allBeats,
      now: () => performance.now(),
      say,
      interruptedBy,
    });
    const state = () => ({
      session: this.#session,
      phase: this.#phase,
      missing: this.#roster.missing.join(','),
      generation: this.#generation,
    });
    this.#beat = beat(party.connection, subjects.serverBeat, state, BEAT_EVERY_MS);
  }

  /** What every client knows of its rows. */
  async prepare(): Promise<readonly ClientFacts[]> {
    await this.#roster.waitForAll(Infinity);
    const request = { config: JSON.stringify(toPlain(this.#config)), version: ownVersion() };
    const hosts = this.#callAnew();
    return await Promise.all(
      hosts.map((host, client) =>
        this.#guard(client).run(`client ${client}: prepare`, () => host.prepare(request)),
      ),
    );
  }

  clientsOf(runDirectory: string): RunClients {
    const run = `${basename(dirname(runDirectory))}_${basename(runDirectory)}`.replaceAll(/[^\w.-]/g, '-');
    const paths = pathsUnder(runDirectory);
    const requireHeads = async (heads: readonly SavedStates[]) => {
      await this.#everybody();
      const hosts = this.#hosts();
      await Promise.all(
        heads.map(({ path, sha256, clients: [client] }) =>
          hosts[client].requireStates({ run, name: paths.toName(path), sha256 }),
        ),
      );
    };
    const keepHeadsOf = async (checkpoints: readonly Checkpoint[]) => {
      const folders = checkpoints.map(({ folder }) => basename(folder));
      await Promise.all(this.#hosts().map((host) => host.keepStates({ run, folders })));
    };
    const end = async () => {
      this.#phase = 'over';
      await Promise.all(this.#hosts().map((host) => host.end({ run })));
    };
    return {
      open: (placed) => this.#open(run, runDirectory, placed),
      requireHeads,
      keepHeadsOf,
      end,
    };
  }

  async close(): Promise<void> {
    this.#beat.close();
    this.#roster.close();
    for (const caller of this.#callers) caller.close();
    await this.#party.connection.close();
  }

  /** Fresh clients, each on a new thread in its process. */
  async #open(run: string, runDirectory: string, { engine }: Placed): Promise<ClientPool> {
    await this.#everybody();
    this.#generation++;
    const { generation } = { generation: this.#generation };
    const guards = this.#config.n_workers;
    const hosts = this.#callAnew();
    const links: Link[] = [];
    const own = Array.from({ length: guards }, (_, client) => this.#guard(client));
    for (const [client, guard] of own.entries()) {
      this.#roster.onLoss(client, (why) => {
        guard.fail(new Error(why));
      });
      links.push(
        openNatsLink({ client, place: client }, this.#callers[client], guard, pathsUnder(runDirectory)),
      );
    }
    const close = () => {
      for (const guard of own) guard.close();
      return Promise.resolve();
    };
    try {
      const request = { run, start: this.#session, generation, engine };
      await Promise.all(
        own.map((guard, client) => guard.run(`client ${client}: open`, () => hosts[client].open(request))),
      );
    } catch (error) {
      await close();
      throw error;
    }
    this.#phase = 'training';
    return { links, close };
  }

  /** Waits for who is gone. Throws ClientLostError where one does not come back in time. */
  async #everybody(): Promise<void> {
    const seconds = this.#config.rejoin_timeout_s;
    const [missing] = await this.#roster.waitForAll(seconds * 1000);
    if (missing === undefined) return;
    throw new ClientLostError(
      'ERR_CLIENT_GONE',
      `Client ${missing} did not come back within ${seconds} s (\`rejoin_timeout_s\`). Start it again, and resume the run.`,
      { client: missing },
    );
  }

  /** New sessions with all: what was under way is over. */
  #callAnew(): readonly HostService[] {
    for (const caller of this.#callers) caller.close();
    const { connection, correspondence } = this.#party;
    const subjects = subjectsOf(correspondence.peers.runName);
    this.#callers = correspondence.peers.clients.map((_, client) =>
      openCaller(connection, { ...subjects.call(client), session: newSession(), retryMs: RETRY_MS }),
    );
    return this.#hosts();
  }

  #hosts(): readonly HostService[] {
    return this.#callers.map(hostOver);
  }

  #guard(client: number): CallGuard {
    return new CallGuard(`process of client ${client}`, this.#config.call_timeout_s * 1000, { client });
  }
}
