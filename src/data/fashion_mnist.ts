import { dirname } from 'node:path';
import { messageOf } from '../core/errors.js';
import type { Dataset, LoadOptions } from './dataset.js';
import { missingDataset, type Source } from './fetch/source.js';
import { obtainIdxFiles, readIdxDataset, type IdxDataset } from './idx_dataset.js';

/** The archives as Xiao, Rasul and Vollgraf published them (github.com/zalandoresearch/fashion-mnist). */
const source: Source = {
  dataset: 'fashion_mnist',
  address: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
  files: [
    {
      name: 'train-images-idx3-ubyte.gz',
      sizeBytes: 26_421_880,
      sha256: '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
    },
    {
      name: 'train-labels-idx1-ubyte.gz',
      sizeBytes: 29_515,
      sha256: 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
    },
    {
      name: 't10k-images-idx3-ubyte.gz',
      sizeBytes: 4_422_102,
      sha256: '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
    },
    {
      name: 't10k-labels-idx1-ubyte.gz',
      sizeBytes: 5_148,
      sha256: '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
    },
  ],
};

/** Checked unpacked, since the same pictures are also given away gzipped anew. */
const fashionMnist: IdxDataset = {
  name: 'fashion_mnist',
  classNames: [
    'T-shirt/top',
    'Trouser',
    'Pullover',
    'Dress',
    'Coat',
    'Sandal',
    'Shirt',
    'Sneaker',
    'Bag',
    'Ankle boot',
  ],
  checksums: {
    'train-images-idx3-ubyte': 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
    'train-labels-idx1-ubyte': 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
    't10k-images-idx3-ubyte': '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
    't10k-labels-idx1-ubyte': '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
  },
  missing: (path, cause) =>
    missingDataset(source, `Cannot read "${path}": ${messageOf(cause)}.`, dirname(path), cause),
};

/** Fashion-MNIST: 60,000 + 10,000 pictures of clothes, 28x28 pixels. Throws DataError, StorageError or ConfigError. */
export async function loadFashionMnist(options: LoadOptions): Promise<Dataset> {
  return readIdxDataset(fashionMnist, await obtainIdxFiles(source, options));
}
