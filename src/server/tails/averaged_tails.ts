import { freshState, type Program, type SegmentState } from '../../engine/engine.js';
import { addToSum, meanOf, type OptimizerMean, type StateSum } from '../../engine/mean_state.js';
import { readStateFile, writeStateFile } from '../../link/state_file.js';
import type { LoadRequest } from '../../link/messages.js';
import { Tail, type TrainedTail } from '../tail.js';
import type { TailMaker } from './tail_pool.js';
import type { SavedTails, Tails } from './tails.js';

/** A tail for each client that trains, and after the turn their mean, weighted and added in the order of the clients. */
export class AveragedTails implements Tails {
  readonly #program: Program;
  readonly #maker: TailMaker;
  readonly #optimizers: OptimizerMean;
  /** Here, to be tested. */
  #mean: Tail;
  /** While clients train; afterwards too where each keeps its optimiser. */
  readonly #own = new Map<number, TrainedTail>();

  /** By tails that are gone. */
  #spentMs = 0;

  constructor(program: Program, state: SegmentState, maker: TailMaker, optimizers: OptimizerMean) {
    this.#program = program;
    this.#maker = maker;
    this.#optimizers = optimizers;
    this.#mean = new Tail(program, state);
  }

  of(client: number): TrainedTail {
    const own = this.#own.get(client);
    if (!own) throw new Error(`Client ${client} has no tail: it is not its turn.`);
    return own;
  }

  newest(): Tail {
    return this.#mean;
  }

  async beginTurn(clients: readonly number[]): Promise<void> {
    await Promise.all(
      clients.map(async (client) => {
        const { weights, optimizers } = await this.#mean.exportState();
        const kept = this.#optimizers === 'keep' ? await this.#own.get(client)?.exportState() : undefined;
        await this.#setOwn(client, { weights, optimizers: kept?.optimizers ?? optimizers });
      }),
    );
  }

  async endTurn(clients: readonly number[], weights: readonly number[]): Promise<void> {
    let sum: StateSum | undefined;
    let own: SegmentState | undefined;
    for (const [index, client] of clients.entries()) {
      own = await this.of(client).exportState();
      sum = addToSum(sum, [own], weights[index], this.#optimizers);
    }
    if (!sum || !own) throw new Error('A turn without a client has no mean.');
    const totalWeight = weights.reduce((total, weight) => total + weight, 0);
    const [mean] = meanOf(sum, totalWeight, [own], this.#optimizers);
    const fresh = freshState(this.#program.spec, mean.weights);
    this.#setMean(this.#optimizers === 'average' ? mean : fresh);
    if (this.#optimizers !== 'keep') await Promise.all(clients.map((client) => this.#dropOwn(client)));
  }

  async saveStates(path: string): Promise<SavedTails> {
    const { spec } = this.#program;
    const clients = [...this.#own.keys()];
    const own = await Promise.all(
      clients.map(async (client) => ({
        prefix: prefixOf(client),
        spec,
        state: await this.of(client).exportState(),
      })),
    );
    const mean = { prefix: MEAN, spec, state: await this.#mean.exportState() };
    return { ...(await writeStateFile(path, [mean, ...own])), clients };
  }

  async loadStates({ clients, ...file }: LoadRequest): Promise<void> {
    const { spec } = this.#program;
    const read = await readStateFile(file);
    this.#setMean(read(MEAN, spec));
    await Promise.all(clients.map((client) => this.#setOwn(client, read(prefixOf(client), spec))));
  }

  async takeSpentMs(): Promise<number> {
    const own = await Promise.all([...this.#own.values()].map((tail) => tail.takeSpentMs()));
    const spentMs = own.reduce((sum, ms) => sum + ms, this.#spentMs);
    this.#spentMs = 0;
    return spentMs;
  }

  async exportWeights(): Promise<Float32Array<ArrayBuffer>> {
    return (await this.#mean.exportState()).weights;
  }

  #setMean(state: SegmentState): void {
    this.#mean.dispose();
    this.#mean = new Tail(this.#program, state);
  }

  async #setOwn(client: number, state: SegmentState): Promise<void> {
    await this.#dropOwn(client);
    this.#own.set(client, await this.#maker.create(client, state));
  }

  async #dropOwn(client: number): Promise<void> {
    const own = this.#own.get(client);
    this.#own.delete(client);
    if (!own) return;
    this.#spentMs += await own.takeSpentMs();
    await own.dispose();
  }
}

const MEAN = 'mean.';
const prefixOf = (client: number) => `client.${client}.`;
