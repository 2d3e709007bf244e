import { drawNormal } from '../../core/distributions.js';
import { apportion } from '../row_groups.js';
import type { DataSplit } from './data_split.js';
import { dealRows, drawCounts } from './deal.js';

export interface NumSamplesOptions {
  readonly samplesSigma: number;
  readonly minSamples: number;
}

/**
 * Rows at random, in unequal numbers: in proportion to exp(sigma z), z from the standard normal distribution, all of them
 * drawn again until each client has `minSamples` rows.
 */
export const splitNumSamples: DataSplit<NumSamplesOptions> = (input, { samplesSigma, minSamples }) => {
  const { labels, numClients } = input;
  const drawn = {
    name: 'num_samples',
    minSamples,
    drawLength: numClients,
    cause: { setting: `\`samples_sigma\` ${samplesSigma}`, remedy: 'Lower `samples_sigma`' },
  };
  const counts = drawCounts(input, drawn, (stream) => {
    const z = Array.from({ length: numClients }, () => drawNormal(stream));
    const largest = z.reduce((a, b) => Math.max(a, b));
    // Relative to the largest, so that no weight is too large for a float64.
    const weights = z.map((value) => Math.exp(samplesSigma * (value - largest)));
    return [apportion(weights, labels.length)];
  });
  const allRows = Uint32Array.from(labels, (_, row) => row);
  return { shards: dealRows(input, drawn.name, [allRows], counts), numLeftOut: 0, whyLeftOut: '' };
};
