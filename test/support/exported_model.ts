// Shape legend: N pictures, C channels, H height, W width, K classes
import { expect } from 'chai';
import ort from 'onnxruntime-node';
import type { Rows } from '../../src/data/dataset.js';
import { numElements, type Shape } from '../../src/core/shapes.js';

/** Runs `use` on a session of an exported model, given as its bytes or its path. */
export async function withModel<T>(
  model: string | Uint8Array,
  use: (session: ort.InferenceSession) => Promise<T>,
): Promise<T> {
  const options = { logSeverityLevel: 3 } as const;
  const session = await (typeof model === 'string'
    ? ort.InferenceSession.create(model, options)
    : ort.InferenceSession.create(model, options));
  try {
    return await use(session);
  } finally {
    await session.release();
  }
}

/** Class probabilities [N, K] of all rows, in batches of this size. */
export async function probabilitiesOf(
  session: ort.InferenceSession,
  { pictures, numRows }: Rows,
  picture: Shape,
  batchSize: number,
): Promise<Float32Array> {
  const size = numElements(picture);
  const parts: number[] = [];
  for (let row = 0; row < numRows; row += batchSize) {
    const numHere = Math.min(batchSize, numRows - row);
    const bytes = pictures.slice(row * size, (row + numHere) * size);
    const x = new ort.Tensor('uint8', Uint8Array.from(bytes), [numHere, ...picture]);
    const { probabilities } = await session.run({ pictures: x });
    expect(probabilities.dims[0]).to.equal(numHere);
    parts.push(...(probabilities.data as Float32Array));
  }
  return Float32Array.from(parts);
}

/** The class with the largest value of each row. */
export function answersOf(values_NK: ArrayLike<number>, numClasses: number): readonly number[] {
  const values = Array.from(values_NK);
  return Array.from({ length: values.length / numClasses }, (_, row) => {
    const own = values.slice(row * numClasses, (row + 1) * numClasses);
    return own.indexOf(Math.max(...own));
  });
}

/** exp(logit) / sum of exp, row by row in float64. */
export function softmax(logits_NK: ArrayLike<number>, numClasses: number): readonly number[] {
  const exponents = Array.from(logits_NK, Math.exp);
  const sums = Array.from({ length: exponents.length / numClasses }, (_, row) =>
    exponents.slice(row * numClasses, (row + 1) * numClasses).reduce((a, b) => a + b),
  );
  return exponents.map((value, at) => value / sums[Math.floor(at / numClasses)]);
}
