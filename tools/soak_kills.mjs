// Kills a small run at N random instants of its life (default 8), resumes each until it is complete, and compares its bytes with
// those of the undisturbed run. Run by `make soak`. The seed is printed; a second argument repeats one. More arguments are options of the run.
//   node tools/soak_kills.mjs [N] [SEED] [--mode splitfed_v1 ...]
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const numKills = Number(process.argv[2] ?? 8);
const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 31));
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const ROWS = [
  '--n-workers',
  '3',
  '--max-samples',
  '300',
  '--n-epochs',
  '2',
  '--forgetting-samples',
  '60',
].concat(process.argv.slice(4));
const OFTEN = ['--checkpoint-every', '1', '--checkpoint-min-s', '0'];
const NOT_OF_THE_RESULT = [
  'run_directory',
  'wall_seconds',
  'phase_seconds',
  'samples_per_second',
  'peak_memory_mb',
  'repeated_bytes',
  'compute_seconds',
];
/** A third of the kills come at a moment of these, which take little of a run's time. */
const MOMENTS = { checkpoint: 'checkpoints', export: 'model', results: '.' };

const root = mkdtempSync(join(tmpdir(), 'bloom-split-soak-'));
console.log(`${numKills} kills, seed ${seed}`);
const random = generator(seed);
const started = performance.now();
const first = await run(['train', ...ROWS, ...OFTEN, '--output-dir', join(root, 'whole')]);
if (first.code !== 0) throw new Error(first.text);
const lifeMs = performance.now() - started;
const expected = resultOf(directoryIn(join(root, 'whole')));

const plans = Array.from({ length: numKills }, (_, number) => ({
  number,
  afterMs: random() * lifeMs * 1.1,
  moment: number % 3 === 2 ? Object.keys(MOMENTS)[Math.floor(number / 3) % 3] : undefined,
  skip: 1 + Math.floor(random() * 12),
}));
const counts = { same: 0, different: 0, killed: 0, kinds: {} };
await Promise.all(Array.from({ length: Math.max(1, availableParallelism() >> 1) }, worker));
rmSync(root, { recursive: true });
const isGood = counts.different === 0;
console.log(
  `${isGood ? 'ok' : 'FAILED'}: ${counts.same} of ${numKills} runs equal the undisturbed one, ${counts.killed} kills: ` +
    Object.entries(counts.kinds)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', '),
);
process.exitCode = isGood ? 0 : 1;

async function worker() {
  for (let plan = plans.shift(); plan; plan = plans.shift()) await survive(plan);
}

/** Trains with a kill, and again as often as it takes; at most one more kill comes while it resumes. */
async function survive({ number, afterMs, moment, skip }) {
  const output = join(root, String(number));
  let text = '';
  for (let attempt = 0; ; attempt++) {
    const directory = directoryIn(output);
    const canResume = directory !== undefined && existsSync(join(directory, '.hydra', 'config.yaml'));
    if (!canResume) rmSync(output, { recursive: true, force: true });
    const args = canResume ? ['resume', directory] : ['train', ...ROWS, ...OFTEN, '--output-dir', output];
    const kill =
      attempt > 1
        ? undefined
        : moment !== undefined && attempt === 0
          ? atMoment(output, moment, skip)
          : setTimeout(attempt === 0 ? afterMs : random() * lifeMs);
    const outcome = await run(args, kill);
    text += outcome.text;
    if (outcome.code === 0) break;
    if (outcome.signal !== 'SIGKILL' || attempt > 5) {
      report(number, `ended with ${outcome.code ?? outcome.signal}`, text);
      return;
    }
    counts.killed++;
    const kind = attempt > 0 ? 'while resuming' : moment === undefined ? 'at a random time' : `at ${moment}`;
    counts.kinds[kind] = (counts.kinds[kind] ?? 0) + 1;
  }
  const directory = directoryIn(output);
  const result = resultOf(directory);
  const wrong = Object.keys(expected).filter((name) => result[name] !== expected[name]);
  if (Object.keys(result).length !== Object.keys(expected).length) wrong.push('other files');
  if (wrong.length > 0) report(number, `${wrong.join(', ')} differ (kept in ${directory})`, text);
  else counts.same++;
  if (wrong.length === 0) rmSync(output, { recursive: true });
}

function report(number, what, text) {
  counts.different++;
  console.log(`kill ${number} (of seed ${seed}): ${what}\n${text}`);
}

/** Resolves at the `skip`-th change in a folder of the run directory, or when the run is over without. */
async function atMoment(output, moment, skip) {
  const directory = await new Promise((resolve) => {
    const timer = setInterval(() => {
      const found = directoryIn(output);
      const folder = found && join(found, MOMENTS[moment]);
      if (!folder || !existsSync(folder)) return;
      clearInterval(timer);
      resolve(folder);
    }, 1);
    timer.unref();
  });
  let left = moment === 'checkpoint' ? skip * 4 : skip % 4;
  await new Promise((resolve) => {
    const watcher = watch(directory, { recursive: moment === 'checkpoint', persistent: false }, () => {
      if (left-- > 0) return;
      watcher.close();
      resolve();
    });
  });
}

/** Runs the command to its end, or until `kill` resolves. */
function run(args, kill) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (more) => (text += more));
    let isOver = false;
    void kill?.then(() => {
      if (!isOver) child.kill('SIGKILL');
    });
    child.once('close', (code, signal) => {
      isOver = true;
      resolve({ code, signal, text });
    });
  });
}

/** The one run directory under an output directory. */
function directoryIn(output) {
  const day = existsSync(output) ? readdirSync(output).at(0) : undefined;
  const time = day && readdirSync(join(output, day)).at(0);
  return time && join(output, day, time);
}

function resultOf(directory) {
  const model = readdirSync(join(directory, 'model')).map((name) => join('model', name));
  const files = ['metrics.jsonl', 'evaluation.json', ...model];
  const summary = JSON.parse(readFileSync(join(directory, 'summary.json'), 'utf8'));
  for (const name of NOT_OF_THE_RESULT) delete summary[name];
  return {
    ...Object.fromEntries(files.map((name) => [name, sha256(readFileSync(join(directory, name)))])),
    'summary.json': JSON.stringify(summary),
  };
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Uniform in [0, 1): mulberry32. */
function generator(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
