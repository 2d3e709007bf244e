import { byNumber } from './schemes/scheme.js';

/** Local steps whose order is kept. */
const MAX_PLACES = 16;

interface Member {
  readonly client: number;
  readonly numSteps: number;
}

/** The order of a turn's batches: local step by local step, in each those clients that have a batch left. */
export class LockStep {
  readonly #members: readonly Member[];
  readonly #order: (clients: readonly number[], localStep: number) => readonly number[];
  readonly #places = new Map<number, ReadonlyMap<number, number>>();
  /** Batches before each local step; the last entry is their whole number. */
  readonly #starts: readonly number[];

  constructor(
    members: readonly Member[],
    order: (clients: readonly number[], localStep: number) => readonly number[] = byNumber,
  ) {
    this.#members = members;
    this.#order = order;
    const numLocalSteps = Math.max(0, ...members.map(({ numSteps }) => numSteps));
    const starts = [0];
    for (let localStep = 0; localStep < numLocalSteps; localStep++)
      starts.push(starts[localStep] + this.#active(localStep).length);
    this.#starts = starts;
  }

  /** Local steps of the turn: as many as the client with most batches has. */
  get numLocalSteps(): number {
    return this.#starts.length - 1;
  }

  /** Batches of the turn before a local step. */
  startOf(localStep: number): number {
    return this.#starts[localStep];
  }

  /** Whose batches a local step has, in the order in which the server takes them. */
  clientsOf(localStep: number): readonly number[] {
    return [...this.#placesOf(localStep).keys()];
  }

  /** Place in the turn of a client's batch; null where it has no such. */
  stepOf(client: number, localStep: number): number | null {
    const place = this.#placesOf(localStep).get(client);
    return place === undefined ? null : this.#starts[localStep] + place;
  }

  /** Where so many batches of the turn lead: into which local step, and whose batches of it are among them. */
  placeOf(numSteps: number): { readonly localStep: number; readonly done: readonly number[] } {
    const localStep = this.#starts.findLastIndex((start) => start <= numSteps);
    const done = localStep < this.numLocalSteps ? this.clientsOf(localStep) : [];
    return { localStep, done: done.slice(0, numSteps - this.#starts[localStep]) };
  }

  /** By client. Kept for the local steps that are asked for again and again. */
  #placesOf(localStep: number): ReadonlyMap<number, number> {
    const known = this.#places.get(localStep);
    if (known) return known;
    const order = this.#order(this.#active(localStep), localStep);
    const places = new Map(order.map((client, place) => [client, place]));
    this.#places.set(localStep, places);
    this.#places.delete(localStep - MAX_PLACES);
    return places;
  }

  #active(localStep: number): readonly number[] {
    return this.#members.filter(({ numSteps }) => numSteps > localStep).map(({ client }) => client);
  }
}
