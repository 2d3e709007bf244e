import { Resvg } from '@resvg/resvg-js';
import { expect } from 'chai';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StorageError } from '../../../../src/core/errors.js';
import { addImages } from '../../../../src/report/tensorboard/images.js';
import { tensorboardSink } from '../../../../src/report/tensorboard/tensorboard_sink.js';
import { thrown } from '../../../support/link_errors.js';
import { runInfo } from '../../../support/link_reports.js';
import { itWithPython } from '../../../support/python.js';
import { onlyEventFile, readEvents } from '../../../support/tensorboard_reader.js';

/** A plain PNG picture, as plots are made. */
const pngOf = (width: number, height: number) =>
  new Resvg(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"/>`).render().asPng();

describe('addImages', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tensorboard-test-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const images = [
    { tag: 'plots/loss', png: pngOf(300, 2) },
    { tag: 'plots/confusion', png: pngOf(3, 700) },
  ];

  it('writes each picture whole, with its size', () => {
    addImages(folder, images, 42, () => 1_000);
    const [version, ...events] = readEvents(onlyEventFile(folder));
    expect(version.fileVersion).to.equal('brain.Event:2');
    expect(events.map(({ step }) => step)).to.deep.equal([42, 42]);
    expect(events.flatMap(({ values }) => values)).to.deep.equal([
      { tag: 'plots/loss', image: { width: 300, height: 2, png: Buffer.from(images[0].png) } },
      { tag: 'plots/confusion', image: { width: 3, height: 700, png: Buffer.from(images[1].png) } },
    ]);
  });

  it("takes a file of its own that stands after the run's, in the same second too", () => {
    const sink = tensorboardSink(folder, () => 1_000);
    sink.start?.(runInfo);
    void sink.close?.();
    addImages(folder, images, 42, () => 1_000);
    const numValues = readdirSync(folder)
      .sort()
      .map((name) => readEvents(join(folder, name)).length);
    expect(numValues).to.deep.equal([2, 3]);
  });

  it('refuses what is no PNG before it makes a file', () => {
    const gif = Buffer.from('GIF89a, and so on to the length of a header');
    for (const png of [gif, images[0].png.subarray(0, 20), new Uint8Array()])
      expect(() => addImages(folder, [...images, { tag: 'plots/bad', png }], 1)).to.throw(
        TypeError,
        '"plots/bad" is not a PNG',
      );
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it('says what cannot be written, and what to do', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const error = thrown(() => addImages(file, images, 1), StorageError, 'ERR_WRITE');
    expect(error.message).to.match(
      /into ".*file": EEXIST.*Free some space, or choose another place with `output_dir`\.$/,
    );
    expect(error.details).to.deep.equal({ folder: file });
  });

  itWithPython(['tensorboard'], 'is read by TensorBoard itself, the same bytes', async (script) => {
    addImages(folder, images, 42);
    const read = (await script('read_tensorboard.py', folder)) as { readonly images: unknown };
    const base64 = ({ png }: { png: Uint8Array }) => Buffer.from(png).toString('base64');
    expect(read.images).to.deep.equal({
      'plots/loss': [[42, 300, 2, base64(images[0])]],
      'plots/confusion': [[42, 3, 700, base64(images[1])]],
    });
  });
});
