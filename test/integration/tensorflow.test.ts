import { expect } from 'chai';
import { fileURLToPath } from 'node:url';
import { partitionInOrder } from '../../src/data/splits/iid.js';
import { loadEngine } from '../../src/engine/registry.js';
import { loadAddon } from '../../src/engine/tensorflow/addon.js';
import { adam, firstDigits, sgd, trainOnThreads } from '../support/cluster_training.js';
import { run } from '../support/e2e_command.js';
import { describeTensorflow } from '../support/engines.js';
import { openSmallTraining } from '../support/small_training.js';
import { compilerOf, expectSameState } from '../support/segments.js';
import { openHead, splitTrainer, trainHead } from '../support/tensorflow_job.js';
import { runHeadThread } from '../support/tensorflow_threads.js';

const DEVICES = ['cpu:0', 'cpu:1', 'cpu:2', 'cpu:3'];
const fullName = (thread: number) => `/job:localhost/replica:0/task:0/device:CPU:${thread}`;
const node = (name: string, ...options: readonly string[]) =>
  run(process.execPath, [...options, fileURLToPath(new URL(`../support/${name}.js`, import.meta.url))], {
    cwd: process.cwd(),
  });

describeTensorflow('tensorflow on threads', () => {
  it('puts every tensor of head k on device k, and the same numbers come out', async () => {
    const jobs = DEVICES.map((device) =>
      runHeadThread({ device, state: undefined, firstStep: 0, numSteps: 3 }),
    );
    const reports = await Promise.all(jobs);
    const alone = await openHead(await loadEngine('tensorflow'), 'cpu');
    await trainHead(alone, 0, 3);
    for (const [thread, { devices, numTensors, state }] of reports.entries()) {
      expect(devices).to.deep.equal([fullName(thread)]);
      expect(numTensors).to.be.greaterThan(100);
      expectSameState(state, alone.exportState());
    }
  });

  it('a head that moves to another thread is on that one’s device, and goes on exactly', async () => {
    const { state } = await runHeadThread({ device: 'cpu:1', state: undefined, firstStep: 0, numSteps: 2 });
    const moved = await runHeadThread({ device: 'cpu:3', state, firstStep: 2, numSteps: 2 });
    expect(moved.devices).to.deep.equal([fullName(3)]);
    const stayed = await runHeadThread({ device: 'cpu:1', state: undefined, firstStep: 0, numSteps: 4 });
    expectSameState(moved.state, stayed.state);
  });

  it('two heads of one thread may be on two devices', async () => {
    const job = { device: 'cpu:1', state: undefined, firstStep: 0, numSteps: 3, neighbour: 'cpu:2' };
    expect((await runHeadThread(job)).devices).to.deep.equal([fullName(1)]);
  });

  for (const optimizer of [sgd, adam])
    it(`N clients equal one client on the same batches, bit for bit (${optimizer.name})`, async () => {
      const train = async (numClients: number, numThreads: number) =>
        trainOnThreads({
          dataset: await firstDigits(96, 10),
          numClients,
          numThreads,
          shards: partitionInOrder(96, numClients),
          rowOrder: 'in_order',
          engine: 'tensorflow',
          headOptimizer: optimizer,
          tailOptimizer: optimizer,
        });
      const alone = await train(1, 1);
      expect(alone.losses).to.have.length(12);
      const { losses, heads, tail } = await train(4, 2);
      expect({ losses, tail }).to.deep.equal({ losses: alone.losses, tail: alone.tail });
      expect([...heads.values()]).to.deep.equal([...alone.heads.values()]);
    });

  it('three generations of four threads start and end, and the process ends by itself', async () => {
    const { exitCode, stdout, stderr } = await node('tensorflow_generations_process');
    expect(stdout, stderr).to.equal('0123\n0123\n0123\n');
    expect(exitCode, stderr).to.equal(0);
  });
});

describeTensorflow('the memory of tensorflow', () => {
  const compile = compilerOf(() => loadEngine('tensorflow'));

  it('holds as many tensors after step 520 as after step 20', async () => {
    const addon = loadAddon();
    const train = await splitTrainer(await loadEngine('tensorflow'));
    await train(20);
    const numTensors = addon.getNumOfTensors();
    await train(500);
    expect(addon.getNumOfTensors()).to.equal(numTensors);
  });

  it('holds no tensor of a head that was given away, nor of a step that failed', async () => {
    const addon = loadAddon();
    const engine = await loadEngine('tensorflow');
    const numTensors = addon.getNumOfTensors();
    let head = await openHead(engine, 'cpu');
    const numOfHead = addon.getNumOfTensors();
    for (let visit = 0; visit < 5; visit++) {
      await trainHead(head, visit, 1);
      head.resetOptimizers();
      const state = head.exportState();
      head.dispose();
      head = await openHead(engine, 'cpu', state);
    }
    await head.backward({ shape: [1], data: new Float32Array(1) }).catch(() => undefined);
    expect(addon.getNumOfTensors()).to.equal(numOfHead);
    head.dispose();
    expect(addon.getNumOfTensors()).to.equal(numTensors);
  });

  it('holds no head that a client handed over', async () => {
    const addon = loadAddon();
    const { links } = await openSmallTraining(compile);
    await links[0].createHead({ generation: 3, step: 0 });
    const handOver = async (from: number, to: number) => {
      const request = {
        generation: 3,
        step: 0,
        round: 0,
        from,
        to,
        optimizers: 'moved',
        keepsCopy: false,
      } as const;
      await Promise.all([links[from].sendHead(request), links[to].receiveHead(request)]);
    };
    const numTensors = addon.getNumOfTensors();
    for (const [from, to] of [
      [0, 1],
      [1, 2],
      [2, 0],
    ])
      await handOver(from, to);
    expect(addon.getNumOfTensors()).to.equal(numTensors);
  });

  it('does not grow over 2,000 steps', async () => {
    const { stdout, stderr } = await node('tensorflow_memory_process', '--expose-gc');
    expect(stdout, stderr).to.match(/^\[/);
    const [before, after] = JSON.parse(stdout) as [number, number];
    expect(after - before, 'MB more').to.be.lessThan(10);
  }).timeout(300_000);
});
