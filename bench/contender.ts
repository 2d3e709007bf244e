import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What is timed: a model of both programs, and how many steps make a block that is long enough. */
export interface StepJob {
  readonly model: 'lenet' | 'femnist_cnn';
  readonly batchSize: number;
  readonly numSteps: number;
}

/** A process that is asked by lines, and answers each with one: mostly to train a block of steps. */
export class Contender {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  /** What it said of itself. */
  greeting = '';

  private constructor(command: string, args: readonly string[]) {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  static async start(command: string, ...args: readonly string[]): Promise<Contender> {
    const contender = new Contender(command, args);
    contender.greeting = await contender.#line();
    return contender;
  }

  /** Milliseconds a step. */
  async block({ model, batchSize, numSteps }: StepJob): Promise<number> {
    return Number(await this.ask(`${model} ${batchSize} ${numSteps}`));
  }

  async ask(question: string): Promise<string> {
    this.#child.stdin?.write(`${question}\n`);
    return await this.#line();
  }

  close(): void {
    this.#child.stdin?.end();
  }

  async #line(): Promise<string> {
    const line = await this.#lines.next();
    if (line.done) throw new Error(`${this.#child.spawnargs.join(' ')} ended without an answer.`);
    return line.value;
  }
}

/** Blocks in turn, so that a ratio of two is of the same moments. */
export async function takeTurns(
  contenders: readonly Contender[],
  job: StepJob,
  numBlocks: number,
): Promise<readonly number[][]> {
  const times = contenders.map((): number[] => []);
  for (const contender of contenders) await contender.block(job); // warming up
  for (let block = 0; block < numBlocks; block++)
    for (const [index, contender] of contenders.entries()) times[index].push(await contender.block(job));
  return times;
}
