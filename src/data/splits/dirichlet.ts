import { drawDirichlet } from '../../core/distributions.js';
import { groupRows } from '../row_groups.js';
import type { DataSplit } from './data_split.js';
import { dealRows, drawCounts } from './deal.js';

export interface DirichletOptions {
  readonly dirichletAlpha: number;
  readonly minSamples: number;
}

/**
 * Every class is shared out over the clients in shares drawn from Dirichlet(alpha), all of them again until each client
 * has `minSamples` rows: Yurochkin et al., "Bayesian nonparametric federated learning of neural networks" (ICML 2019), and
 * Li et al., arXiv 2102.02079; after Hsu, Qi and Brown, arXiv 1909.06335, who draw the classes of each client instead.
 */
export const splitDirichlet: DataSplit<DirichletOptions> = (input, { dirichletAlpha, minSamples }) => {
  const { labels, numClasses, numClients } = input;
  const rowsOfClass = groupRows(labels, numClasses);
  const drawn = {
    name: 'dirichlet',
    minSamples,
    drawLength: numClasses * numClients,
    cause: { setting: `\`dirichlet_alpha\` ${dirichletAlpha}`, remedy: 'Raise `dirichlet_alpha`' },
  };
  const counts = drawCounts(input, drawn, (stream) =>
    rowsOfClass.map(({ length }) => cut(length, drawDirichlet(dirichletAlpha, numClients, stream))),
  );
  return { shards: dealRows(input, drawn.name, rowsOfClass, counts), numLeftOut: 0, whyLeftOut: '' };
};

/** Cuts rows where the sums of shares so far, rounded, say: every row goes to one client. */
function cut(numRows: number, shares: Float64Array): Uint32Array {
  let sum = 0;
  let begin = 0;
  return Uint32Array.from(shares, (share) => {
    sum += share;
    const end = Math.round(sum * numRows);
    const count = end - begin;
    begin = end;
    return count;
  });
}
