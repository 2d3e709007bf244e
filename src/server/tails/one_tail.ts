import type { Program, SegmentState } from '../../engine/engine.js';
import type { StateFile } from '../../link/messages.js';
import { readStateFile, writeStateFile } from '../../link/state_file.js';
import { Tail } from '../tail.js';
import type { SavedTails, Tails } from './tails.js';

/** One tail, for whichever client's batch it is. */
export class OneTail implements Tails {
  readonly #program: Program;
  #tail: Tail;

  constructor(program: Program, state: SegmentState) {
    this.#program = program;
    this.#tail = new Tail(program, state);
  }

  of(): Tail {
    return this.#tail;
  }

  newest(): Tail {
    return this.#tail;
  }

  beginTurn(): Promise<void> {
    return Promise.resolve();
  }

  endTurn(): Promise<void> {
    return Promise.resolve();
  }

  async saveStates(path: string): Promise<SavedTails> {
    const own = { prefix: '', spec: this.#program.spec, state: await this.#tail.exportState() };
    return { ...(await writeStateFile(path, [own])), clients: [] };
  }

  async loadStates(file: StateFile): Promise<void> {
    const read = await readStateFile(file);
    const tail = new Tail(this.#program, read('', this.#program.spec));
    this.#tail.dispose();
    this.#tail = tail;
  }

  takeSpentMs(): Promise<number> {
    return this.#tail.takeSpentMs();
  }

  async exportWeights(): Promise<Float32Array<ArrayBuffer>> {
    return (await this.#tail.exportState()).weights;
  }
}
