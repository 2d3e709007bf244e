import { loadCifar10 } from './cifar10.js';
import type { Dataset, LoadDataset, LoadOptions } from './dataset.js';
import { loadFashionMnist } from './fashion_mnist.js';
import { loadFemnist } from './femnist/femnist.js';
import { loadMnist } from './mnist.js';

/** Every data set by the name that `dataset` takes: adding one is adding its file and a line here. */
const datasets = {
  mnist: loadMnist,
  fashion_mnist: loadFashionMnist,
  cifar10: loadCifar10,
  femnist: loadFemnist,
} satisfies Record<string, LoadDataset>;

export type DatasetName = keyof typeof datasets;
export const datasetNames = Object.keys(datasets) as DatasetName[];

/** Reads a data set, fetching it first where it is missing. Throws DataError or StorageError. */
export function loadDataset(name: DatasetName, options: LoadOptions): Promise<Dataset> {
  return datasets[name](options);
}
