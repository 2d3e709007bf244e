import { flows, type Flow, type FramePart } from './frames.js';

/** What every frame carries besides its buffers: position, shape and type of data, counted as one fixed size on every link. */
export const FRAME_HEADER_BYTES = 64;

/** Frames, and the bytes of their buffers without headers. */
export interface Amount {
  readonly frames: number;
  readonly bytes: number;
}
export type Amounts = Readonly<Record<Flow, Amount>>;

/** What one client sends and is sent. A hand-over counts for the client that sends it. */
export interface ClientTraffic {
  readonly amounts: Amounts;
  /** Requests that bring a client a frame, those of a test that fetch one, and hand-overs that it sends. */
  readonly roundTrips: number;
  /** Turns in which it trains. */
  readonly visits: number;
}

/** With headers. */
export function bytesOf({ frames, bytes }: Amount): number {
  return bytes + frames * FRAME_HEADER_BYTES;
}

/** Of all clients together. */
export function totalAmounts(clients: readonly ClientTraffic[]): Amounts {
  const total = new TrafficTally(1);
  for (const { amounts } of clients) for (const flow of flows) total.add(0, flow, amounts[flow]);
  return total.clients[0].amounts;
}

/** Adds up traffic, client by client. */
export class TrafficTally {
  readonly #amounts: Record<Flow, Amount>[];
  readonly #roundTrips: number[];
  readonly #visits: number[];

  constructor(numClients: number) {
    this.#amounts = Array.from({ length: numClients }, noAmounts);
    this.#roundTrips = new Array<number>(numClients).fill(0);
    this.#visits = new Array<number>(numClients).fill(0);
  }

  add(client: number, flow: Flow, { frames, bytes }: Amount): void {
    const before = this.#amounts[client][flow];
    this.#amounts[client][flow] = { frames: before.frames + frames, bytes: before.bytes + bytes };
  }

  /** All parts of a batch, or of a message of test rows. */
  addRows(client: number, parts: readonly FramePart[], numRows: number): void {
    for (const { flow, rowBytes, isFrame } of parts)
      this.add(client, flow, { frames: isFrame ? 1 : 0, bytes: numRows * rowBytes });
  }

  /** A head, or a sum of heads, goes to another client. */
  addHandOver(client: number, bytes: number): void {
    this.add(client, 'hand_overs', { frames: 1, bytes });
    this.addRoundTrips(client, 1);
  }

  addRoundTrips(client: number, count: number): void {
    this.#roundTrips[client] += count;
  }

  addVisit(client: number): void {
    this.#visits[client]++;
  }

  get clients(): readonly ClientTraffic[] {
    return this.#amounts.map((amounts, client) => ({
      amounts,
      roundTrips: this.#roundTrips[client],
      visits: this.#visits[client],
    }));
  }
}

function noAmounts(): Record<Flow, Amount> {
  return Object.fromEntries(flows.map((flow) => [flow, { frames: 0, bytes: 0 }])) as Record<Flow, Amount>;
}
