import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  bloom,
  newFolder,
  readJson,
  readJsonLines,
  removeFolders,
  repoRoot,
  runDirectories,
  startBloom,
  trainOnce,
  type Outcome,
} from '../support/e2e_command.js';
import { checkpointsIn, resultOf } from '../support/run_bytes.js';

/**
 * Three shards of 100 rows: 4 batches a visit, 12 a round, 24 in all; hand-overs after every 4. Client 0 trains batches 0-3
 * and 12-15, client 1 4-7 and 16-19, client 2 8-11 and 20-23.
 */
const SMALL = [
  '--n-workers',
  '3',
  '--n-threads',
  '3',
  '--max-samples',
  '300',
  '--n-epochs',
  '2',
  '--forgetting',
  'off',
];
const OFTEN = ['--checkpoint-every', '3', '--checkpoint-min-s', '0'];

describe('faults', () => {
  let undisturbed: Readonly<Record<string, unknown>>;
  const skipping = new Map<string, Readonly<Record<string, unknown>>>();

  before(async () => {
    undisturbed = await resultOfTraining([]);
  });
  after(removeFolders);

  async function resultOfTraining(args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
    return resultOf((await trainOnce([...SMALL, ...args], { cwd: newFolder() })).directory);
  }
  async function train(args: readonly string[], env = {}): Promise<Outcome & { readonly directory: string }> {
    const cwd = newFolder();
    const checkpoints = args.some((arg) => arg.startsWith('--checkpoint')) ? [] : OFTEN;
    const outcome = await bloom(['train', ...SMALL, ...checkpoints, ...args], { cwd, env });
    return { ...outcome, directory: runDirectories(cwd)[0] };
  }
  const finish = async (directory: string) => {
    const { exitCode, stderr } = await bloom(['resume', directory], { cwd: join(directory, '../../..') });
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
    expect(resultOf(directory)).to.deep.equal(undisturbed);
  };

  describe('retry: the run goes back to its checkpoint, and ends with the same bytes', () => {
    const faults: readonly (readonly [string, readonly string[], RegExp])[] = [
      [
        'kill=client2@step10',
        [],
        /The thread 2 \(client 2\) ended while waiting for "client 2: trainStep": worker exited/,
      ],
      ['kill=client0@step0', [], /The thread 0 \(client 0\) ended while waiting for "client 0: startVisit"/],
      ['kill=client2@step23', [], /The thread 2 \(client 2\) ended while waiting for "client 2: trainStep"/],
      [
        'hang=client1@step5',
        // Long enough for a thread to come up on a busy machine.
        ['--call-timeout-s', '4'],
        /The thread 1 \(client 1\) did not answer "client 1: trainStep" within 4 s/,
      ],
      [
        'corrupt=handover3',
        [],
        /Client 0 refused the head from client 2: its SHA-256 differs from its contents/,
      ],
      ['kill=client1@step5,kill=client1@step17,corrupt=handover4', [], /SHA-256 differs/],
    ];
    for (const [fault, args, says] of faults) {
      it(fault, async () => {
        const { exitCode, stderr, directory } = await train([...args, '--chaos', fault]);
        expect(exitCode, stderr).to.equal(0);
        expect(stderr).to.match(says);
        expect(stderr.match(/^warning: /gm)).to.have.length(fault.split(',').length);
        expect(resultOf(directory)).to.deep.equal(undisturbed);
        const log = readJsonLines(join(directory, 'run.log')).map(({ message }) => message);
        expect(log.filter((message) => message === 'rewind')).to.have.length(fault.split(',').length);
      });
    }

    it('slow=client1:20ms is no fault', async () => {
      const { exitCode, stderr, directory } = await train([
        '--chaos',
        'slow=client1:20ms',
        '--call-timeout-s',
        '30',
      ]);
      expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: '' });
      expect(resultOf(directory)).to.deep.equal(undisturbed);
    });

    it('before the first checkpoint, from the beginning', async () => {
      const { exitCode, stdout, directory } = await train([
        '--checkpoint-min-s',
        '1000',
        '--chaos',
        'kill=client1@step18',
      ]);
      expect(exitCode).to.equal(0);
      expect(stdout).to.match(/^back to batch 0, the last checkpoint$/m);
      expect(resultOf(directory)).to.deep.equal(undisturbed);
    });
  });

  const misbehaving = (kind: string, file: string) => ({
    MISBEHAVIOUR: kind,
    MISBEHAVIOUR_FILE: file,
    NODE_OPTIONS:
      `--import ${pathToFileURL(join(repoRoot, 'build/test/support/misbehaving_client.js')).href}` +
      (kind === 'heap' ? ' --max-old-space-size=100' : ''),
  });

  describe('retry: a client that goes wrong on its own', () => {
    const kinds: Readonly<Record<string, RegExp>> = {
      heap: /The thread 2 \(client 2\) ended while waiting for "client 2: trainStep": .*JS heap out of memory/,
      exit: /The thread 2 \(client 2\) ended while waiting for "client 2: trainStep": worker exited with code: 3/,
      throw: /The thread 2 \(client 2\) failed at "client 2: trainStep": an accident in the client/,
      'another step': /Client 2 sent step 10 of generation 0, but step 9/,
      'another generation': /Client 2 sent step 9 of generation 1/,
      'another shape': /Client 2 sent \[1x2x3\] in/,
      'another type': /Client 2 sent \[32x16x5x5\] in 51200 bytes that are not float32/,
      'no buffer': /Client 2 sent \[32x16x5x5\] in no buffer/,
    };
    for (const [kind, says] of Object.entries(kinds)) {
      it(kind, async () => {
        const { exitCode, stderr, directory } = await train([], misbehaving(kind, join(newFolder(), 'file')));
        expect(exitCode, stderr).to.equal(0);
        expect(stderr).to.match(says);
        expect(resultOf(directory)).to.deep.equal(undisturbed);
      });
    }
  });

  it('a thread that hangs in native code: message, checkpoint, and SIGKILL to itself', async () => {
    const fifo = join(newFolder(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    const { signal, stderr, directory } = await train(['--call-timeout-s', '1'], misbehaving('fifo', fifo));
    expect(signal).to.equal('SIGKILL');
    expect(stderr).to.match(
      /^error: The thread 2 \(client 2\) did not answer "client 2: trainStep" within 1 s\. .* stuck inside native code .* Go on from batch 8 with: npx bloom-split resume/,
    );
    await finish(directory);
  });

  it('SIGINT while a client hangs: no other attempt is made', async () => {
    const cwd = newFolder();
    const args = ['train', ...SMALL, ...OFTEN, '--call-timeout-s', '2', '--chaos', 'hang=client1@step5'];
    const running = startBloom(args, { cwd });
    await running.says(/client 0 /);
    running.kill('SIGINT');
    const { exitCode, stderr } = await running.end;
    expect(exitCode).to.equal(130);
    expect(stderr).to.match(/^error: Stopped by SIGINT/m);
    const [directory] = runDirectories(cwd);
    await finish(directory);
  });

  it('activations that are not finite stop the run, and name client, batch and rows', async () => {
    const { exitCode, stderr, directory } = await train(['--chaos', 'nan=client1@step6']);
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(
      /^error: Tail, step 6 with client 1: The .* is not finite\. The activations of rows 0 \(of 32 in the batch\) are not finite\. .* Go on from batch 4 with/,
    );
    await finish(directory);
  });

  describe('skip: the run goes on as if that visit had not been due', () => {
    const faults: readonly (readonly [string, string, string])[] = [
      ['kill=client1@step4', '1@0', 'at the first batch of a visit'],
      ['kill=client1@step6', '1@0', 'in the middle of a visit'],
      ['kill=client0@step1', '0@0', 'in the first visit of the run'],
      ['kill=client0@step13', '0@1', 'in the first visit of a round'],
      ['kill=client2@step11', '2@0', 'at the last batch of a round'],
      ['kill=client2@step23', '2@1', 'at the last batch of the run'],
      ['corrupt=handover1', '1@0', 'at a hand-over, whose receiver is lost'],
    ];
    for (const [fault, visit, where] of faults) {
      it(`${fault}: ${where}`, async () => {
        if (!skipping.has(visit)) skipping.set(visit, await resultOfTraining(['--skip-visits', visit]));
        const { exitCode, stderr, directory } = await train(['--on-client-loss', 'skip', '--chaos', fault]);
        expect(exitCode, stderr).to.equal(0);
        expect(stderr).to.match(new RegExp(`The visit ${visit} is left out\\.`));
        expect(resultOf(directory)).to.deep.equal(skipping.get(visit));
        expect(readJson(join(directory, 'summary.json')).skipped_visits).to.deep.equal([visit]);
      });
    }

    it('and is still left out after a kill and resume', async () => {
      const cwd = newFolder();
      const args = ['--on-client-loss', 'skip', '--chaos', 'kill=client1@step6,slow=client2:60ms'];
      const running = startBloom(['train', ...SMALL, ...OFTEN, ...args], { cwd });
      await running.says(/^ {2}client 2 /m);
      running.kill('SIGKILL');
      await running.end;
      const [directory] = runDirectories(cwd);
      expect(checkpointsIn(directory).at(-1)).to.be.greaterThan(4);
      const { exitCode } = await bloom(['resume', directory], { cwd });
      expect(exitCode).to.equal(0);
      expect(resultOf(directory)).to.deep.equal(skipping.get('1@0'));
    });
  });

  it('stop: the first loss ends the run with its checkpoint', async () => {
    const { exitCode, stderr, directory } = await train([
      '--on-client-loss',
      'stop',
      '--chaos',
      'kill=client2@step10',
    ]);
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(
      /^error: The thread 2 \(client 2\) ended .* Go on from batch 8 with: npx bloom-split resume/,
    );
    await finish(directory);
  });

  it('more losses than max_retries end the run with its checkpoint', async () => {
    const chaos = 'kill=client0@step1,kill=client1@step5,kill=client2@step10';
    const { exitCode, stderr, directory } = await train(['--max-retries', '2', '--chaos', chaos]);
    expect(exitCode).to.equal(1);
    expect(stderr.match(/^warning: /gm)).to.have.length(2);
    expect(stderr).to.match(
      /^error: .* It was loss number 3 of this run, more than `max_retries` allows\. Go on from batch 8/m,
    );
    await finish(directory);
  });

  it('a loss is noticed within a second of its cause, and a hang of its deadline', async () => {
    const every = ['--checkpoint-every', '1', '--checkpoint-min-s', '0'];
    for (const [chaos, allowedMs] of [
      ['kill=client2@step10', 1000],
      ['hang=client2@step10', 2000],
    ] as const) {
      const { directory } = await train([...every, '--call-timeout-s', '1', '--chaos', chaos]);
      const events = readJsonLines(join(directory, 'run.log'));
      const lost = events.findIndex(({ message }) => /client 2: trainStep/.test(String(message)));
      const [checkpoint, loss] = events.slice(lost - 1);
      expect(checkpoint.message).to.equal('checkpoint');
      const since = Date.parse(String(loss.timestamp)) - Date.parse(String(checkpoint.timestamp));
      expect(since).to.be.lessThan(allowedMs);
    }
  });

  for (const [chaos, why] of [
    ['kill=client1@step3', 'that client does not train that batch'],
    ['kill=client7@step3', 'there is no such client'],
    ['slow=client3:10ms', 'there is no such client'],
    ['corrupt=handover9', 'there is no such hand-over'],
    ['fire=client1@step3', 'there is no such fault'],
  ]) {
    it(`${chaos} is refused: ${why}`, async () => {
      const { exitCode, stderr } = await train(['--chaos', chaos]);
      expect(exitCode).to.equal(1);
      expect(stderr).to.match(/^error: `chaos`/);
    });
  }
});
