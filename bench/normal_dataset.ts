import { randomStream } from '../src/core/random.js';
import { numElements, type DataShape } from '../src/core/shapes.js';
import { toShared, type Dataset, type Rows } from '../src/data/dataset.js';

/** Pictures whose bytes are normally distributed around the middle grey, labels in turn: the same on every machine. */
export function normalDataset(shape: DataShape, numTrain: number, numTest: number): Dataset {
  return {
    name: 'normal',
    shape,
    classNames: Array.from({ length: shape.numClasses }, (_, label) => String(label)),
    background: 0,
    train: normalRows(shape, numTrain, 0),
    test: normalRows(shape, numTest, 1),
    folder: '',
    isVerified: false,
  };
}

export function normalRows({ picture, numClasses }: DataShape, numRows: number, seed: number): Rows {
  const stream = randomStream(seed, 'init', 'bench');
  const pictures = Uint8Array.from({ length: numRows * numElements(picture) }, () => {
    // Box and Muller (1958)
    const radius = Math.sqrt(-2 * Math.log(1 - stream.uniform()));
    const value = 128 + 64 * radius * Math.cos(2 * Math.PI * stream.uniform());
    return Math.min(255, Math.max(0, Math.round(value)));
  });
  const labels = Uint8Array.from({ length: numRows }, (_, row) => row % numClasses);
  return { numRows, pictures: toShared(pictures), labels: toShared(labels) };
}
