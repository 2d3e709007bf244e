import { expect } from 'chai';
import { ConfigError } from '../../../src/core/errors.js';
import { placeRun, type PlacementRequest } from '../../../src/engine/placement.js';

const devices = (...names: readonly string[]) => names.map((name) => ({ name, description: '' }));
const threeGpus = devices('gpu:0', 'gpu:1', 'gpu:2', 'cpu');
const noGpu = devices('cpu');
const place = (change: Partial<PlacementRequest>, available = threeGpus) =>
  placeRun(
    {
      engine: { name: 'tensorflow', why: 'auto: it sees a GPU' },
      devices: 'auto',
      tailDevice: 'auto',
      numThreads: 'auto',
      numClients: 8,
      numCores: 4,
      ...change,
    },
    available,
  );

describe('placeRun', () => {
  it('by default: a thread for every GPU, and the tail on the last', () => {
    expect(place({})).to.deep.equal({ threadDevices: ['gpu:0', 'gpu:1', 'gpu:2'], tailDevice: 'gpu:2' });
  });

  it('without a GPU: a thread for every core, all on the processor', () => {
    expect(place({}, noGpu)).to.deep.equal({ threadDevices: Array(4).fill('cpu'), tailDevice: 'cpu' });
  });

  it('never has more threads than clients', () => {
    expect(place({ numClients: 2 }).threadDevices).to.deep.equal(['gpu:0', 'gpu:1']);
    expect(place({ numClients: 2, numThreads: 5 }).threadDevices).to.have.length(2);
    expect(place({ numClients: 2 }, noGpu).threadDevices).to.have.length(2);
  });

  it('shares the GPUs evenly between more threads', () => {
    const { threadDevices } = place({ numThreads: 8 });
    expect(threadDevices).to.deep.equal([0, 1, 2, 0, 1, 2, 0, 1].map((gpu) => `gpu:${gpu}`));
  });

  it('takes the devices that are named, in their order; the tail stays where it is placed', () => {
    expect(place({ devices: 'gpu:2, gpu:0' })).to.deep.equal({
      threadDevices: ['gpu:2', 'gpu:0'],
      tailDevice: 'gpu:2',
    });
    expect(place({ devices: 'gpu:0', tailDevice: 'cpu', numThreads: 2 })).to.deep.equal({
      threadDevices: ['gpu:0', 'gpu:0'],
      tailDevice: 'cpu',
    });
    expect(place({ devices: 'cpu' }).threadDevices).to.deep.equal(Array(4).fill('cpu'));
  });

  for (const [key, change] of [
    ['devices', { devices: 'gpu:0,gpu:3' }],
    ['tail_device', { tailDevice: 'gpu:3' }],
  ] as const)
    it(`refuses a device in ${key} that does not exist, with the list of those that do`, () => {
      expect(() => place(change))
        .to.throw(
          ConfigError,
          `\`${key}\` names "gpu:3", but engine "tensorflow" (auto: it sees a GPU) sees only: gpu:0, gpu:1, gpu:2, cpu.`,
        )
        .with.property('code', 'ERR_DEVICE');
    });

  it('says of an engine that was asked for that it was', () => {
    const engine = { name: 'onnxruntime', why: undefined } as const;
    expect(() => place({ engine, devices: 'gpu:0' }, noGpu)).to.throw(
      ConfigError,
      '`devices` names "gpu:0", but engine "onnxruntime" (asked for by `engine`) sees only: cpu. Choose of these, or "auto", ' +
        'or another `engine`.',
    );
  });

  it('refuses an empty name', () => {
    expect(() => place({ devices: 'gpu:0,' })).to.throw(ConfigError, 'names ""');
  });
});
