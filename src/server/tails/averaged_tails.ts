import { freshState, type Program, type SegmentState } from '../../engine/engine.js';
import { addToSum, meanOf, type OptimizerMean, type StateSum } from '../../engine/mean_state.js';
import type { StateFile } from '../../link/messages.js';
import { readStateFile, writeStateFile } from '../../link/state_file.js';
import { Tail } from '../tail.js';
import type { SavedTails, Tails } from './tails.js';

/** A tail for each client that trains, and after the turn their mean, weighted and added in the order of the clients. */
export class AveragedTails implements Tails {
  readonly #program: Program;
  readonly #optimizers: OptimizerMean;
  #mean: Tail;
  /** While clients train; afterwards too where each keeps its optimiser. */
  readonly #own = new Map<number, Tail>();

  constructor(program: Program, state: SegmentState, optimizers: OptimizerMean) {
    this.#program = program;
    this.#optimizers = optimizers;
    this.#mean = new Tail(program, state);
  }

  of(client: number): Tail {
    const own = this.#own.get(client);
    if (!own) throw new Error(`Client ${client} has no tail: it is not its turn.`);
    return own;
  }

  newest(): Tail {
    return this.#mean;
  }

  beginTurn(clients: readonly number[]): Promise<void> {
    for (const client of clients) {
      const { weights, optimizers } = this.#mean.exportState();
      const kept = this.#optimizers === 'keep' ? this.#own.get(client)?.exportState() : undefined;
      this.#setOwn(client, { weights, optimizers: kept?.optimizers ?? optimizers });
    }
    return Promise.resolve();
  }

  endTurn(clients: readonly number[], weights: readonly number[]): Promise<void> {
    let sum: StateSum | undefined;
    for (const [index, client] of clients.entries())
      sum = addToSum(sum, [this.of(client).exportState()], weights[index], this.#optimizers);
    if (!sum) throw new Error('A turn without a client has no mean.');
    const totalWeight = weights.reduce((total, weight) => total + weight, 0);
    const own = [this.of(clients[clients.length - 1]).exportState()];
    const [mean] = meanOf(sum, totalWeight, own, this.#optimizers);
    this.#mean.dispose();
    this.#mean = new Tail(this.#program, {
      ...freshState(this.#program.spec, mean.weights),
      ...(this.#optimizers === 'average' && { optimizers: mean.optimizers }),
    });
    if (this.#optimizers !== 'keep') for (const client of clients) this.#dropOwn(client);
    return Promise.resolve();
  }

  async saveStates(path: string): Promise<SavedTails> {
    const { spec } = this.#program;
    const own = [...this.#own].map(([client, tail]) => ({
      prefix: prefixOf(client),
      spec,
      state: tail.exportState(),
    }));
    const mean = { prefix: MEAN, spec, state: this.#mean.exportState() };
    return { ...(await writeStateFile(path, [mean, ...own])), clients: [...this.#own.keys()] };
  }

  async loadStates({ clients, ...file }: StateFile & { readonly clients: readonly number[] }): Promise<void> {
    const { spec } = this.#program;
    const read = await readStateFile(file);
    const mean = new Tail(this.#program, read(MEAN, spec));
    this.#mean.dispose();
    this.#mean = mean;
    for (const client of clients) this.#setOwn(client, read(prefixOf(client), spec));
  }

  exportWeights(): Promise<Float32Array<ArrayBuffer>> {
    return Promise.resolve(this.#mean.exportState().weights);
  }

  #setOwn(client: number, state: SegmentState): void {
    this.#dropOwn(client);
    this.#own.set(client, new Tail(this.#program, state));
  }

  #dropOwn(client: number): void {
    this.#own.get(client)?.dispose();
    this.#own.delete(client);
  }
}

const MEAN = 'mean.';
const prefixOf = (client: number) => `client.${client}.`;
