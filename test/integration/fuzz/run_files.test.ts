import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rewindTo } from '../../../src/cli/training.js';
import { DataError } from '../../../src/core/errors.js';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../../../src/core/safetensors.js';
import { freshState, plainCompute } from '../../../src/engine/engine.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { readStateFile, writeStateFile } from '../../../src/link/state_file.js';
import { dense } from '../../../src/models/layers.js';
import { readRun } from '../../../src/report/plots/read_run.js';
import { runFiles } from '../../../src/report/run_directory.js';
import { readHistory } from '../../../src/report/wandb/history.js';
import { listCheckpoints } from '../../../src/server/checkpoint.js';
import { fitsSchedule } from '../../../src/server/progress.js';
import { checkpointAt } from '../../support/checkpoints.js';
import { foldersOf } from '../../support/folders.js';
import { drain, fromFile, fuzzBytes, fuzzJson, numRuns } from '../../support/fuzz.js';
import { madeRun, writeRun } from '../../support/plots_run.js';
import { adam, compilerOf, partOf } from '../../support/segments.js';
import { openSmallTraining } from '../../support/small_training.js';
import { randomTensor } from '../../support/tensors.js';

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('fuzzing: what earlier processes left', function () {
  this.timeout(60_000 + 60 * numRuns);
  const newFolder = foldersOf();
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = newFolder();
    file = join(folder, 'file');
  });

  const tensors = new Map<string, StoredTensor>([
    ['a', { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
    ['b', { shape: [3], data: Int32Array.of(1, 2, 3) }],
    ['c', { shape: [5], data: Uint8Array.of(1, 2, 3, 4, 5) }],
  ]);
  const decodeTensors = (bytes: Uint8Array) => decodeSafetensors(bytes, 'file');

  it('safetensors', () =>
    fuzzBytes([encodeSafetensors(tensors), encodeSafetensors(new Map())], decodeTensors));

  it('safetensors with another header', async () => {
    const whole = Buffer.from(encodeSafetensors(tensors));
    const end = 8 + Number(whole.readBigUInt64LE(0));
    await fuzzJson(JSON.parse(whole.toString('utf8', 8, end)), (header) => {
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
      return decodeTensors(Buffer.concat([length, Buffer.from(header), whole.subarray(end)]));
    });
  });

  it('state files, under the checksum that they have', async () => {
    const groups = [{ numLayers: 1, optimizer: adam }];
    const part = partOf([dense('fc', 2, 2)], [2]);
    const spec = {
      part,
      hasLoss: false,
      needsInputGradient: false,
      groups,
      device: 'cpu',
      ...plainCompute,
    };
    const state = freshState(spec, randomTensor([6], 3).data);
    await writeStateFile(file, [{ prefix: 'a.', spec, state }]);
    await fuzzBytes([readFileSync(file)], async (bytes) => {
      writeFileSync(file, bytes);
      return (await readStateFile({ path: file, sha256: sha256(bytes) }))('a.', spec);
    });
  });

  /** A checkpoint's manifest, and what reads it: as far as to where a run goes on from. */
  async function manifest() {
    const ring = await openSmallTraining(compile);
    await ring.links[0].createHead({ generation: 0, step: 0 });
    const path = join((await checkpointAt(folder, ring, 2, 1)).folder, 'manifest.json');
    const read = async () => {
      const refusals: string[] = [];
      const found = await listCheckpoints(folder, (message) => refusals.push(message));
      expect(found.length + refusals.length).to.equal(1);
      for (const each of found) {
        fitsSchedule(each.progress, ring.parts.schedule, 3);
        expect(rewindTo(each).lengths).to.be.an('object');
      }
      if (refusals.length === 0) return;
      expect(refusals[0]).to.include('is not the manifest of a checkpoint');
      throw new DataError('ERR_CHECKPOINT', refusals[0]);
    };
    return { path, decode: fromFile(path, read) };
  }
  it("checkpoints' manifests", async () => {
    const { path, decode } = await manifest();
    await fuzzBytes([readFileSync(path)], decode);
  });
  it("checkpoints' manifests with other contents, under the checksum that they have", async () => {
    const { path, decode } = await manifest();
    const content = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    delete content.sha256;
    await fuzzJson(content, (changed) => {
      const isObject = changed.startsWith('{') && changed.length > 2;
      return decode(isObject ? `${changed.slice(0, -1)},"sha256":"${sha256(changed)}"}` : changed);
    });
  });

  const run = madeRun({ numClients: 2, numClasses: 3, numRounds: 1 });
  for (const name of ['metrics', 'summary', 'evaluation'] as const) {
    it(`${name} of a run that is drawn`, async () => {
      writeRun(folder, run);
      const path = runFiles(folder)[name];
      const decode = fromFile(path, () => readRun(folder, [], run.scheme));
      const whole = readFileSync(path);
      await fuzzBytes([whole], decode);
      if (name !== 'metrics') await fuzzJson(JSON.parse(whole.toString()), decode);
    });
  }
  it('an event of a run that is drawn or sent', async () => {
    writeRun(folder, run);
    const path = runFiles(folder).metrics;
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line) as unknown);
    const linesIn = (list: string) => `${list.slice(1, -1).replaceAll(',{"type"', '\n{"type"')}\n`;
    await fuzzJson(events, async (changed) => {
      writeFileSync(path, linesIn(changed));
      await drain(readHistory(path, { bytes: 0, lastStep: -1 }, true));
      await readRun(folder, [], run.scheme);
    });
  });
});
