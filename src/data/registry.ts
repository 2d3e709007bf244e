import type { Dataset } from './dataset.js';
import { loadMnist } from './mnist.js';

/** Every data set by the name that `dataset` takes: adding one is adding its file and a line here. */
const datasets = {
  mnist: loadMnist,
} satisfies Record<string, (dataDir: string) => Promise<Dataset>>;

export type DatasetName = keyof typeof datasets;
export const datasetNames = Object.keys(datasets) as DatasetName[];

/** Reads a data set from `dataDir`, or from its usual place where that is empty. Throws DataError. */
export function loadDataset(name: DatasetName, dataDir: string): Promise<Dataset> {
  return datasets[name](dataDir);
}
