import { basename } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ConfigError, VerificationError } from '../core/errors.js';
import { loadMnist } from '../data/mnist.js';
import { engineChoices, type EngineChoice } from '../engine/choice.js';
import type { OptimizerOptions } from '../engine/optimizer.js';
import { optimizerMeans } from '../engine/mean_state.js';
import { handoffs } from '../link/messages.js';
import { DEFAULT_CUT } from '../models/network.js';
import { modelNames, type ModelName } from '../models/registry.js';
import { modes, schemes, type Mode } from '../server/schemes/registry.js';
import { holds, type Check } from './proof.js';
import { readTrajectory } from './trajectory.js';
import { BATCH_SIZE, proveSplitEqualsUnsplit } from './verify_split.js';
import { replayTrajectory } from './verify_trajectory.js';

interface VerifyOptions {
  readonly trajectory?: readonly string[];
  readonly mode: Mode | 'all';
  readonly uShaped?: true;
  readonly cutBack: string;
  readonly model: ModelName;
  readonly cut: string;
  readonly engine: EngineChoice;
  readonly devices: string;
  readonly intraOpThreads: number;
  readonly microBatches: number;
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
    .addOption(
      new Option('--mode <name>', 'scheme').choices([...modes, 'all']).default('sequential' satisfies Mode),
    )
    .option('--u-shaped', 'clients have the last layers too')
    .option('--cut-back <layer>', "of --u-shaped: last layer of the server's", DEFAULT_CUT)
    .option('--cut <layer>', 'where the network is cut: name or number', DEFAULT_CUT)
    .addOption(new Option('--engine <name>', 'what computes').choices(engineChoices).default('auto'))
    .option('--devices <names>', 'devices of the threads, comma-separated, or auto', 'auto')
    .option('--intra-op-threads <number>', 'threads that compute each operator together', wholeNumber(64), 1)
    .option(
      '--micro-batches <number>',
      'parts of a batch that are computed side by side',
      wholeNumber(BATCH_SIZE),
      1,
    )
    .action((options: VerifyOptions) => {
      refuseContradictions(options);
      return options.trajectory ? verifyTrajectories(options.trajectory, options) : verifySplit(options);
    });
}

function wholeNumber(max: number): (text: string) => number {
  return (text) => {
    if (/^[1-9]\d?$/.test(text) && Number(text) <= max) return Number(text);
    throw new InvalidArgumentError(`A number from 1 to ${max} was expected.`);
  };
}

function refuseContradictions({ mode, uShaped, cutBack }: VerifyOptions): void {
  const isWhole = mode !== 'all' && schemes[mode].tails === 'none';
  if (uShaped && isWhole)
    throw new ConfigError(
      'ERR_CONFIG_CONTRADICTION',
      `\`--u-shaped\` goes with no \`--mode\` ${mode}: clients have the whole network.`,
    );
  if (!uShaped && cutBack !== DEFAULT_CUT)
    throw new ConfigError(
      'ERR_CONFIG_CONTRADICTION',
      '`--cut-back` is of `--u-shaped`, which is missing. Give both, or none.',
    );
}

async function verifySplit({
  mode: asked,
  model,
  cut,
  uShaped,
  cutBack,
  engine,
  devices,
  intraOpThreads,
  microBatches,
}: VerifyOptions): Promise<void> {
  const dataset = await loadMnist({ dataDir: '' });
  const common = {
    dataset,
    model,
    cut,
    engine,
    devices,
    compute: { intraOpThreads, microBatches },
    tailDevice: 'auto',
    numClients: NUM_CLIENTS,
    numThreads: NUM_THREADS,
  };
  process.stdout.write(
    `${model}: split (${NUM_CLIENTS} clients on ${NUM_THREADS} threads) against unsplit, on the same batches of MNIST\n`,
  );
  const checks: Check[] = [];
  for (const mode of asked === 'all' ? modes : [asked]) {
    const isU = uShaped === true && !(asked === 'all' && schemes[mode].tails === 'none');
    for (const variant of variantsOf(mode)) {
      const some = await proveSplitEqualsUnsplit({
        ...common,
        ...variant,
        mode,
        cutBack: isU ? cutBack : undefined,
        clientFraction: 1,
      });
      print(some);
      checks.push(...some);
    }
  }
  conclude(checks);
}

/** Both optimisers, with every way in which a scheme shares them. */
function variantsOf(mode: Mode) {
  const plain = { handoff: 'weights_and_optimizer', splitfedOptimizer: 'reset' } as const;
  const ways = {
    handed_over: handoffs.map((handoff) => ({ ...plain, handoff })),
    averaged: optimizerMeans.map((splitfedOptimizer) => ({ ...plain, splitfedOptimizer })),
    own: [plain],
  }[schemes[mode].heads];
  return optimizers.flatMap((optimizer) => ways.map((way) => ({ ...way, optimizer })));
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
      compute: { intraOpThreads: options.intraOpThreads, microBatches: options.microBatches },
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
