import { expect } from 'chai';
import { existsSync, readdirSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { holds, type Check } from '../../src/cli/proof.js';
import { readTrajectory, type RecordedTrajectory } from '../../src/cli/trajectory.js';
import { replayTrajectory } from '../../src/cli/verify_trajectory.js';
import { DataError } from '../../src/core/errors.js';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../../src/core/safetensors.js';
import type { OptimizerOptions } from '../../src/engine/optimizer.js';
import type { EngineName } from '../../src/engine/registry.js';
import { describeEngines } from '../support/engines.js';
import { rejection } from '../support/link_errors.js';
import { plainCompute } from '../../src/engine/engine.js';

/** Tests run from build/test/integration/. */
const root = new URL('../../../', import.meta.url);
const fixtures = fileURLToPath(new URL('test/fixtures/', root));
const oracle = fileURLToPath(new URL('../shared/oracle/', root));
const SGD_FIXTURE = join(fixtures, 'lenet_mnist_sgd_2w');
const ADAM_FIXTURE = join(fixtures, 'femnist_cnn_adam_2w_fresh');

const replay = (
  recorded: RecordedTrajectory,
  numThreads = Math.min(2, recorded.numClients),
  engine: EngineName = 'onnxruntime',
) =>
  replayTrajectory(recorded, {
    engine,
    devices: 'auto',
    tailDevice: 'auto',
    compute: plainCompute,
    numThreads,
  });
const failed = (checks: readonly Check[]) => checks.filter((check) => !holds(check));

describeEngines((engine) => {
  describe('a trajectory recorded with PyTorch', () => {
    const expectReplayed = async (prefix: string, numThreads?: number) => {
      const recorded = await readTrajectory(prefix);
      const checks = await replay(recorded, numThreads, engine);
      const numParameters = [...recorded.tensors.keys()].filter((name) => name.startsWith('final.')).length;
      expect(checks, 'losses, first activations, first cut gradients, every parameter').to.have.length(
        3 + numParameters,
      );
      expect(failed(checks)).to.deep.equal([]);
    };

    it('lenet_mnist_sgd_2w: SGD, the optimiser travels with the head', () => expectReplayed(SGD_FIXTURE));
    it('lenet_mnist_sgd_2w on one thread', () => expectReplayed(SGD_FIXTURE, 1));
    it('femnist_cnn_adam_2w_fresh: Adam, fresh at every visit', () => expectReplayed(ADAM_FIXTURE));

    const others = existsSync(oracle) ? readdirSync(oracle).filter((name) => name.endsWith('.json')) : [];
    for (const name of others)
      it(`oracle: ${name}`, () => expectReplayed(join(oracle, basename(name, '.json'))));
    if (others.length === 0)
      it('oracle: skipped, since there is no folder ../shared/oracle beside this checkout', function () {
        this.skip();
      });
  });
});

describe('a replay with something left out fails', () => {
  /** Replays with another optimiser or hand-over than was recorded. */
  const failuresOf = async (
    prefix: string,
    change: (recorded: RecordedTrajectory) => Partial<RecordedTrajectory>,
  ) => {
    const recorded = await readTrajectory(prefix);
    return failed(await replay({ ...recorded, ...change(recorded) })).map(({ subject }) => subject);
  };
  const optimizer = (change: Partial<OptimizerOptions>) => (recorded: RecordedTrajectory) => ({
    optimizer: { ...recorded.optimizer, ...change } as OptimizerOptions,
  });

  it('weight decay', async () => {
    expect(await failuresOf(SGD_FIXTURE, optimizer({ weightDecay: 0 }))).not.to.be.empty;
  });
  it('momentum', async () => {
    const subjects = await failuresOf(SGD_FIXTURE, optimizer({ momentum: 0 }));
    expect(subjects[0]).to.match(/^12 losses/);
  });
  it('weight decay of Adam', async () => {
    expect(await failuresOf(ADAM_FIXTURE, optimizer({ weightDecay: 0 }))).not.to.be.empty;
  });
  it("the optimiser's state at a hand-over", async () => {
    expect(await failuresOf(SGD_FIXTURE, () => ({ handoff: 'weights' }))).not.to.be.empty;
  });
  it('the fresh start of the optimiser at each visit', async () => {
    expect(await failuresOf(ADAM_FIXTURE, () => ({ handoff: 'weights_and_optimizer' }))).not.to.be.empty;
  });
});

describe('a damaged trajectory is refused, with the name of the file', () => {
  let folder: string;
  let prefix: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trajectory-test-'));
    prefix = join(folder, 'copy');
    for (const end of ['.json', '.safetensors']) await copyFile(SGD_FIXTURE + end, prefix + end);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const editFile = async (end: string, edit: (bytes: Buffer) => Uint8Array) => {
    await writeFile(prefix + end, edit(await readFile(prefix + end)));
  };
  type Json = Record<string, unknown> & { losses: number[]; order_round_worker_firstrow: number[][] };
  const editJson = (edit: (content: Json) => unknown) =>
    editFile('.json', (bytes) => Buffer.from(JSON.stringify(edit(JSON.parse(bytes.toString()) as Json))));
  const editTensors = (edit: (tensors: Map<string, StoredTensor>) => void) =>
    editFile('.safetensors', (bytes) => {
      const tensors = decodeSafetensors(bytes, prefix);
      edit(tensors);
      return encodeSafetensors(tensors);
    });

  const damages: Readonly<
    Record<string, readonly [code: string, end: string, says: string, () => Promise<void>]>
  > = {
    'JSON that ends early': [
      'ERR_TRAJECTORY',
      '.json',
      'it is not JSON',
      () => editFile('.json', (bytes) => bytes.subarray(0, 300)),
    ],
    'JSON that is a list': ['ERR_TRAJECTORY', '.json', '"model" is not one of', () => editJson(() => [1, 2])],
    'JSON that is a word': ['ERR_TRAJECTORY', '.json', 'it is not a JSON object', () => editJson(() => 'x')],
    'a model that is not known': [
      'ERR_TRAJECTORY',
      '.json',
      '"model" is not one of lenet, femnist_cnn',
      () => editJson((content) => ({ ...content, model: 'vgg' })),
    ],
    'an optimiser that is not known': [
      'ERR_TRAJECTORY',
      '.json',
      '"optimizer" is not one of sgd, adam',
      () => editJson((content) => ({ ...content, optimizer: 'lion' })),
    ],
    'losses of another length': [
      'ERR_TRAJECTORY',
      '.json',
      '"losses" has 11 entries for 12 batches',
      () => editJson((content) => ({ ...content, losses: content.losses.slice(1) })),
    ],
    'a loss that is no number': [
      'ERR_TRAJECTORY',
      '.json',
      '"losses" is not a list of numbers',
      () => editJson((content) => ({ ...content, losses: content.losses.map(String) })),
    ],
    'another order of batches': [
      'ERR_TRAJECTORY',
      '.json',
      '"order_round_worker_firstrow" is not what this program can replay',
      () =>
        editJson((content) => ({
          ...content,
          order_round_worker_firstrow: content.order_round_worker_firstrow.toReversed(),
        })),
    ],
    'no hyperparameters': [
      'ERR_TRAJECTORY',
      '.json',
      '"hyperparameters" is not an object',
      () => editJson((content) => ({ ...content, hyperparameters: undefined })),
    ],
    'a batch size of 0': [
      'ERR_TRAJECTORY',
      '.json',
      '"batch_size" is not a positive integer',
      () => editJson((content) => ({ ...content, batch_size: 0 })),
    ],
    'a batch size that does not fit the rows': [
      'ERR_TRAJECTORY',
      '.safetensors',
      '"images" is not uint8',
      () => editJson((content) => ({ ...content, batch_size: 7 })),
    ],
    'tensors that end early': [
      'ERR_SAFETENSORS',
      '.safetensors',
      'claims bytes',
      () => editFile('.safetensors', (bytes) => bytes.subarray(0, bytes.length - 5)),
    ],
    'no tensors': [
      'ERR_SAFETENSORS',
      '.safetensors',
      'it has 0 bytes',
      () => editFile('.safetensors', () => new Uint8Array()),
    ],
    'a label out of range': [
      'ERR_TRAJECTORY',
      '.safetensors',
      '"labels" has a label that is not 0 to 9',
      () => editTensors((tensors) => (tensors.get('labels')!.data[5] = 10)),
    ],
    'a negative label': [
      'ERR_TRAJECTORY',
      '.safetensors',
      '"labels" has a label that is not 0 to 9',
      () => editTensors((tensors) => (tensors.get('labels')!.data[5] = -1)),
    ],
    'no pictures': [
      'ERR_TRAJECTORY',
      '.safetensors',
      '"images" is not uint8',
      () => editTensors((tensors) => tensors.delete('images')),
    ],
    "a head's parameter that is missing": [
      'ERR_TRAJECTORY',
      '.safetensors',
      'its head does not end at any cut of "lenet"',
      () => editTensors((tensors) => tensors.delete('init.head.conv2.bias')),
    ],
  };
  for (const [what, [code, end, says, damage]] of Object.entries(damages)) {
    it(what, async () => {
      await damage();
      const error = await rejection(readTrajectory(prefix), DataError, code);
      expect(error.message).to.include(`"${prefix}${end}"`);
      expect(error.message).to.include(says);
    });
  }

  for (const end of ['.json', '.safetensors']) {
    it(`no ${end}`, async () => {
      await rm(prefix + end);
      const error = await rejection(readTrajectory(prefix), DataError, 'ERR_READ');
      expect(error.message).to.include(`"${prefix}${end}"`);
    });
  }

  const lacking = [
    'init.tail.fc1.weight',
    'final.head.conv1.weight',
    'final.tail.fc3.bias',
    'first.cut_gradients',
  ];
  for (const name of lacking) {
    it(`${name} that is missing, before it ends as a comparison`, async () => {
      await editTensors((tensors) => tensors.delete(name));
      const call = readTrajectory(prefix).then((recorded) => replay(recorded));
      const error = await call.then(
        () => expect.fail('nothing was refused'),
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(DataError);
      expect((error as DataError).message).to.include(`"${prefix}.safetensors"`);
      expect((error as DataError).message).to.include(name);
    });
  }
});
