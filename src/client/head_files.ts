import { readRequiredFile } from '../core/files.js';
import { freshState, type Program } from '../engine/engine.js';
import type { StateFile, StateReceipt, WeightsFile } from '../link/messages.js';
import { readStateFile, writeReceipted, writeStateFile } from '../link/state_file.js';
import type { Layer } from '../models/layers.js';
import { decodeWeights, encodeWeights } from '../models/weights.js';
import { Head } from './head.js';

/** A head, with fresh optimisers, from safetensors files, one a layer group. Throws DataError. */
export async function readWeights(
  programs: readonly Program[],
  files: readonly WeightsFile[],
): Promise<Head> {
  const groups = layerGroups(programs);
  const weights = await Promise.all(
    files.map(async ({ path, prefix }, group) => {
      const file = await readRequiredFile(path, "a safetensors file with a client's part of a model");
      return decodeWeights(groups[group], file, path, prefix);
    }),
  );
  let first = 0;
  const states = programs.map(({ spec }) => {
    const own = weights.slice(first, (first += spec.groups.length));
    return freshState(spec, Float32Array.from(own.flatMap((each) => [...each])));
  });
  return new Head(programs, states);
}

/** Writes a head's weights to safetensors files, one a layer group, and tells what each is. */
export async function writeWeights(
  programs: readonly Program[],
  head: Head,
  paths: readonly string[],
): Promise<readonly StateReceipt[]> {
  const groups = layerGroups(programs);
  const weights = head.exportGroups();
  return await Promise.all(
    paths.map((path, group) => writeReceipted(path, encodeWeights(groups[group], weights[group]))),
  );
}

/** Writes whole states of heads to one file, by client. */
export async function writeHeads(
  path: string,
  programs: readonly Program[],
  heads: ReadonlyMap<number, Head>,
): Promise<StateReceipt> {
  return await writeStateFile(
    path,
    [...heads].flatMap(([client, head]) =>
      head.exportStates().map((state, segment) => ({
        prefix: prefixOf(client, segment),
        spec: programs[segment].spec,
        state,
      })),
    ),
  );
}

/** The heads of these clients from such a file. Throws DataError. */
export async function readHeads(
  file: StateFile,
  programs: readonly Program[],
  clients: readonly number[],
): Promise<ReadonlyMap<number, Head>> {
  const read = await readStateFile(file);
  return new Map(
    clients.map((client) => {
      const states = programs.map(({ spec }, segment) => read(prefixOf(client, segment), spec));
      return [client, new Head(programs, states)];
    }),
  );
}

const prefixOf = (client: number, segment: number) => `client.${client}.${segment}.`;

/** The layers of each layer group of these programs. */
function layerGroups(programs: readonly Program[]): readonly (readonly Layer[])[] {
  return programs.flatMap(({ spec: { part, groups } }) => {
    let first = 0;
    return groups.map(({ numLayers }) => part.layers.slice(first, (first += numLayers)));
  });
}
