import type { SavedPart } from './export_model.js';
import type { Layer } from '../models/layers.js';
import type { SplitNetwork } from '../models/network.js';
import { clientFiles, runFiles } from '../report/run_directory.js';
import type { Scheme } from '../server/schemes/scheme.js';

/** Which parts of the network a client has, one a layer group: with the layers of each. */
export function clientParts(
  { tails }: Scheme,
  { head, tail, back }: SplitNetwork,
): readonly { readonly name: 'head' | 'back' | 'tail'; readonly layers: readonly Layer[] }[] {
  const first = { name: 'head', layers: head.layers } as const;
  if (tails === 'none') return [first, { name: 'tail', layers: tail.layers }];
  return back ? [first, { name: 'back', layers: back.layers }] : [first];
}

/** Every client ends with weights of its own. */
export function headsDiffer({ heads, joinsRows }: Scheme): boolean {
  return heads === 'own' && !joinsRows;
}

/** Where a client of a run writes its parts. */
export function filesOfClient(
  runDirectory: string,
  { scheme, split }: { readonly scheme: Scheme; readonly split: SplitNetwork },
  client: number,
): readonly string[] {
  const names = clientParts(scheme, split).map(({ name }) => name);
  return clientFiles(runDirectory, names, headsDiffer(scheme) ? client : null);
}

/** A run's files with the one network that everybody ends with, in its order. */
export function partsOfNetwork(
  runDirectory: string,
  { scheme, split }: { readonly scheme: Scheme; readonly split: SplitNetwork },
): readonly (SavedPart & { readonly name: 'head' | 'back' | 'tail' })[] {
  const own = clientParts(scheme, split);
  const paths = clientFiles(
    runDirectory,
    own.map(({ name }) => name),
    null,
  );
  const [head, ...others] = own.map((part, index) => ({ ...part, path: paths[index] }));
  if (scheme.tails === 'none') return [head, ...others];
  const tail = { name: 'tail', layers: split.tail.layers, path: runFiles(runDirectory).tail } as const;
  return [head, tail, ...others];
}
