import { basename } from 'node:path';
import { Option, type Command } from 'commander';
import { VerificationError } from '../core/errors.js';
import { loadMnist } from '../data/mnist.js';
import { engineChoices, type EngineChoice } from '../engine/choice.js';
import type { OptimizerOptions } from '../engine/optimizer.js';
import { handoffs } from '../link/messages.js';
import { DEFAULT_CUT } from '../models/network.js';
import { modelNames, type ModelName } from '../models/registry.js';
import { holds, type Check } from './proof.js';
import { readTrajectory } from './trajectory.js';
import { proveSplitEqualsUnsplit } from './verify_split.js';
import { replayTrajectory } from './verify_trajectory.js';

interface VerifyOptions {
  readonly trajectory?: readonly string[];
  readonly model: ModelName;
  readonly cut: string;
  readonly engine: EngineChoice;
  readonly devices: string;
}

const NUM_CLIENTS = 3;
const NUM_THREADS = 2;

const optimizers: readonly OptimizerOptions[] = [
  { name: 'sgd', lr: 0.01, momentum: 0.9, weightDecay: 5e-4 },
  { name: 'adam', lr: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 5e-4 },
];

/** `bloom-split verify`: the proof, on the user's own machine, that split training is training. */
export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description(
      'Prove on this machine that split training equals training the unsplit network, or that it equals a recorded one.',
    )
    .option(
      '--trajectory <prefix...>',
      'replay PREFIX.json and PREFIX.safetensors instead; several may be given',
    )
    .addOption(new Option('--model <name>', 'network').choices(modelNames).default('lenet'))
    .option('--cut <layer>', 'where the network is cut: name or number', DEFAULT_CUT)
    .addOption(new Option('--engine <name>', 'what computes').choices(engineChoices).default('auto'))
    .option('--devices <names>', 'devices of the threads, comma-separated, or auto', 'auto')
    .action((options: VerifyOptions) =>
      options.trajectory ? verifyTrajectories(options.trajectory, options) : verifySplit(options),
    );
}

async function verifySplit({ model, cut, engine, devices }: VerifyOptions): Promise<void> {
  const dataset = await loadMnist({ dataDir: '' });
  const common = {
    dataset,
    model,
    cut,
    engine,
    devices,
    tailDevice: 'auto',
    numClients: NUM_CLIENTS,
    numThreads: NUM_THREADS,
  };
  process.stdout.write(
    `${model}: split (${NUM_CLIENTS} clients on ${NUM_THREADS} threads) against unsplit, on the same batches of MNIST\n`,
  );
  const checks: Check[] = [];
  for (const optimizer of optimizers) {
    for (const handoff of handoffs) {
      const some = await proveSplitEqualsUnsplit({ ...common, optimizer, handoff });
      print(some);
      checks.push(...some);
    }
  }
  conclude(checks);
}

async function verifyTrajectories(prefixes: readonly string[], options: VerifyOptions): Promise<void> {
  const checks: Check[] = [];
  for (const prefix of prefixes) {
    const recorded = await readTrajectory(prefix);
    const { numClients, optimizer, handoff, network } = recorded;
    const clients = numClients === 1 ? '1 client' : `${numClients} clients`;
    process.stdout.write(
      `${basename(prefix)}: ${network.model}, ${optimizer.name}, ${clients}, ${handoff}\n`,
    );
    const some = await replayTrajectory(recorded, {
      ...options,
      tailDevice: 'auto',
      numThreads: Math.min(NUM_THREADS, numClients),
    });
    print(some);
    checks.push(...some);
  }
  conclude(checks);
}

function print(checks: readonly Check[]): void {
  for (const check of checks) {
    const difference = check.difference.toExponential(1);
    const verdict = holds(check) ? 'ok' : 'TOO LARGE';
    process.stdout.write(
      `  ${difference}  (at most ${check.tolerance.toExponential(0)})  ${verdict}  ${check.subject}\n`,
    );
  }
}

function conclude(checks: readonly Check[]): void {
  const failed = checks.filter((check) => !holds(check));
  if (failed.length > 0) {
    throw new VerificationError(
      'ERR_VERIFY',
      `${failed.length} of ${checks.length} comparisons are above their tolerance, first "${failed[0].subject}". ` +
        'This machine does not train right: please report it with the lines above.',
    );
  }
  process.stdout.write(`all ${checks.length} comparisons are within their tolerances\n`);
}
