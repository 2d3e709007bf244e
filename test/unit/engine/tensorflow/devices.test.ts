import { expect } from 'chai';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { totalmem, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Addon } from '../../../../src/engine/tensorflow/addon.js';
import { devicesOf } from '../../../../src/engine/tensorflow/devices.js';
import { countNvidiaGpus, nvidiaModel } from '../../../../src/engine/tensorflow/nvidia.js';

const full = (device: string) => `/job:localhost/replica:0/task:0/device:${device}`;
const patched = (...devices: readonly string[]) =>
  ({
    listDevices: () => devices.map(full),
    useDevice: () => undefined,
    deviceMemory: (name: string) => (name === full('GPU:1') ? 2 ** 33 : 2 ** 30),
  }) as unknown as Addon;
const shipped = (isUsingGpu: boolean) => ({ isUsingGpuDevice: () => isUsingGpu }) as unknown as Addon;

describe('the devices of tensorflow', () => {
  it('are its GPUs, with the memory that it may use, and the processor', () => {
    const devices = devicesOf(patched('CPU:0', 'GPU:0', 'GPU:1'));
    expect(devices.map(({ name }) => name)).to.deep.equal(['gpu:0', 'gpu:1', 'cpu']);
    expect(devices.map(({ fullName }) => fullName)).to.deep.equal(['GPU:0', 'GPU:1', 'CPU:0'].map(full));
    expect(devices.map(({ memoryBytes }) => memoryBytes)).to.deep.equal([2 ** 30, 2 ** 33, totalmem()]);
  });

  it('are several processors where TensorFlow was told to make several', () => {
    const devices = devicesOf(patched('CPU:0', 'CPU:1'));
    expect(devices.map(({ name }) => name)).to.deep.equal(['cpu:0', 'cpu:1']);
  });

  it('leave out what is neither', () => {
    expect(devicesOf(patched('CPU:0', 'XLA_CPU:0')).map(({ name }) => name)).to.deep.equal(['cpu']);
  });

  it('of an addon that was not changed: the one it uses', () => {
    const [device, ...others] = devicesOf(shipped(false));
    expect(others).to.deep.equal([]);
    expect(device).to.include({ name: 'cpu', fullName: undefined });
    expect(devicesOf(shipped(true), 1).map(({ name }) => name)).to.deep.equal(['gpu:0']);
  });

  it('of an addon that was not changed, where there are several GPUs: the error says what to run', () => {
    expect(() => devicesOf(shipped(true), 4))
      .to.throw(/which of 4 GPUs.*`make tensorflow GPU=1`.*CUDA_VISIBLE_DEVICES=0/)
      .with.property('code', 'ERR_ENGINE_PINNING');
  });
});

describe('NVIDIA GPUs, judged by files', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'bloom-split-nvidia-'));
    await mkdir(join(root, 'dev'));
  });
  afterEach(() => rm(root, { recursive: true }));
  const makeFiles = (...names: readonly string[]) =>
    Promise.all(names.map((name) => writeFile(join(root, 'dev', name), '')));
  const makeInformation = async (...models: readonly string[]) => {
    for (const [gpu, model] of models.entries()) {
      const folder = join(root, 'proc', 'driver', 'nvidia', 'gpus', `0000:0${gpu}:00.0`);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'information'), `Model: \t\t ${model}\nIRQ:   \t\t 42\n`);
    }
  };

  it('are counted by their device files', async () => {
    expect(countNvidiaGpus(undefined, root)).to.equal(0);
    await makeFiles('nvidia0', 'nvidia1', 'nvidia10', 'nvidiactl', 'nvidia-uvm', 'null');
    expect(countNvidiaGpus(undefined, root)).to.equal(3);
  });

  it('are at least one where Windows shares them', async () => {
    await makeFiles('dxg');
    expect(countNvidiaGpus(undefined, root)).to.equal(1);
  });

  it('are no more than CUDA_VISIBLE_DEVICES lets through', async () => {
    await makeFiles('nvidia0', 'nvidia1', 'nvidia2');
    const visible = (value: string) => countNvidiaGpus(value, root);
    expect(['', '-1', '1', '0,2', '0,-1,1', 'GPU-8932f937,GPU-1a2b', '0,1,2,3'].map(visible)).to.deep.equal([
      0, 0, 1, 2, 1, 2, 3,
    ]);
  });

  it('have a name where the driver tells one of all of them', async () => {
    expect(nvidiaModel(root)).to.equal(undefined);
    await makeInformation('NVIDIA A100-SXM4-80GB', 'NVIDIA A100-SXM4-80GB');
    expect(nvidiaModel(root)).to.equal('NVIDIA A100-SXM4-80GB');
    await makeInformation('NVIDIA A100-SXM4-80GB', 'NVIDIA T4');
    expect(nvidiaModel(root)).to.equal(undefined);
  });
});
