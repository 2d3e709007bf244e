import {
  bytesWithHeaders,
  totalTraffic,
  type ClientSeconds,
  type ClientTraffic,
  type CostsSoFar,
  type CostsSummary,
} from '../core/costs.js';
import type { TrainEvent } from '../core/events.js';
import { Ledger } from '../link/ledger.js';
import type { Link } from '../link/link.js';
import type { Tails } from '../server/tails/tails.js';

/** With a turn in which it computed so long, and waited for the rest. */
function added({ compute, waiting }: ClientSeconds, spentMs: number, turnSeconds: number): ClientSeconds {
  const spent = spentMs / 1000;
  return { compute: compute + spent, waiting: waiting + Math.max(0, turnSeconds - spent) };
}

const nothing: ClientSeconds = { compute: 0, waiting: 0 };

/** What one attempt at a training costs its clients, the server and the network; goes on from a checkpoint's. */
export class RunCosts {
  readonly links: readonly Link[];
  readonly #ledger: Ledger;
  readonly #tails: Tails;
  readonly #now: () => number;
  readonly #clients: ClientSeconds[];
  #server: ClientSeconds;
  /** When the last event came that is not of a batch. */
  #markMs: number;
  /** How long the turn took whose visits are told; undefined while clients train. */
  #turnSeconds: number | undefined;
  /** Clients of the last turn tell what they computed while the run goes on: a slow line would make it wait for each. */
  #answers: Promise<void>[] = [];

  /** `links` of this are those of the clients, with everything that crosses them counted. */
  constructor(
    { links, tails }: { readonly links: readonly Link[]; readonly tails: Tails },
    before: CostsSoFar | undefined,
    now: () => number = () => performance.now(),
  ) {
    const ledger = new Ledger(links.length, before?.traffic);
    this.links = links.map((link) => ledger.metered(link));
    this.#ledger = ledger;
    this.#tails = tails;
    this.#now = now;
    this.#clients = links.map((_, client) => before?.seconds.clients[client] ?? nothing);
    this.#server = before?.seconds.server ?? nothing;
    this.#markMs = now();
  }

  /** To be awaited at every event of the training. Throws what went wrong with a client that was asked at an earlier one. */
  async event(event: TrainEvent): Promise<void> {
    if (event.type === 'step') return;
    const nowMs = this.#now();
    if (event.type === 'visit') {
      const { client, steps: step } = event;
      if (this.#turnSeconds === undefined) {
        this.#turnSeconds = (nowMs - this.#markMs) / 1000;
        this.#server = added(this.#server, await this.#tails.takeSpentMs(), this.#turnSeconds);
      }
      this.#ask(client, step, this.#turnSeconds);
    } else {
      await this.answered();
      this.#turnSeconds = undefined;
    }
    this.#markMs = nowMs;
  }

  /** What clients were asked at events is counted. */
  async answered(): Promise<void> {
    await Promise.all(this.#answers.splice(0));
  }

  #ask(client: number, step: number, turnSeconds: number): void {
    const answer = this.links[client].takeSpentMs({ generation: 0, step }).then((spentMs) => {
      this.#clients[client] = added(this.#clients[client], spentMs, turnSeconds);
    });
    // Awaited later; until then a failure is nobody's.
    answer.catch(() => undefined);
    this.#answers.push(answer);
  }

  /** To be awaited where these clients rest inside their turn: what they have done of it is counted. */
  async collect(clients: readonly number[], step: number): Promise<void> {
    const nowMs = this.#now();
    const seconds = (nowMs - this.#markMs) / 1000;
    this.#markMs = nowMs;
    this.#server = added(this.#server, await this.#tails.takeSpentMs(), seconds);
    for (const client of clients) this.#ask(client, step, seconds);
    await this.answered();
  }

  /** At rest, and after `answered`. */
  get soFar(): CostsSoFar {
    const seconds = { clients: [...this.#clients], server: this.#server };
    return { traffic: this.#ledger.traffic, seconds };
  }
}

/** What the training has cost when it is over; `repeatedBytes` were sent for batches that a loss undid. */
export function summaryOfCosts({ traffic, seconds }: CostsSoFar, repeatedBytes: number): CostsSummary {
  const { clients, server } = seconds;
  const total = (of: keyof ClientSeconds) => clients.reduce((sum, client) => sum + client[of], 0);
  return {
    traffic: totalTraffic(traffic),
    repeated_bytes: repeatedBytes,
    seconds: {
      client_compute: total('compute'),
      client_waiting: total('waiting'),
      server_compute: server.compute,
      server_waiting: server.waiting,
      clients,
    },
  };
}

/** All bytes of clients, headers included. */
export function bytesOf(traffic: readonly ClientTraffic[]): number {
  return bytesWithHeaders(traffic.flatMap((client) => Object.values(client.flows)));
}
