import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isCosts, type CostsSoFar } from '../core/costs.js';
import { ClientLostError, DataError, InterruptedError, messageOf, StorageError } from '../core/errors.js';
import { makeFolder, readRequiredFile, writeFileAtomic } from '../core/files.js';
import type { Link } from '../link/link.js';
import type { StateFile } from '../link/messages.js';
import { readChecked } from '../link/state_file.js';
import { isProgress, type Progress } from './progress.js';
import type { Tails } from './tails/tails.js';

/** Raised when a manifest's meaning changes. */
const FORMAT = 2;
const MANIFEST = 'manifest.json';
const TAILS = 'tails.safetensors';

/** Everything from which a run goes on: where it stands, both sides' states, and how much of its record counts. */
export interface Checkpoint {
  readonly folder: string;
  readonly steps: number;
  readonly progress: Progress;
  /** The heads of clients that live in one place are in one file. */
  readonly heads: readonly SavedStates[];
  /** Null where the clients have the whole network. */
  readonly tails: SavedStates | null;
  /** Bytes of each append-only file of the run directory, by its name there. */
  readonly lengths: Readonly<Record<string, number>>;
  /** Visits that were left out, as `client@round`. */
  readonly skippedVisits: readonly string[];
  /** Up to there. */
  readonly costs: CostsSoFar;
  /** SHA-256 of all training and test rows. */
  readonly dataSha256: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** A file of states, and whose they are. */
export interface SavedStates extends StateFile {
  readonly clients: readonly number[];
}

/** What a checkpoint is made of besides the states. */
export type CheckpointFacts = Pick<
  Checkpoint,
  'steps' | 'progress' | 'lengths' | 'skippedVisits' | 'costs' | 'dataSha256' | 'versions'
>;

/**
 * Writes a checkpoint into a folder of its own under `folder`: the clients that have heads write their states, the server its
 * tails', and last of all the manifest is renamed into place, without which there is no checkpoint.
 */
export async function writeCheckpoint(
  folder: string,
  { links, tails }: { readonly links: readonly Link[]; readonly tails: Tails },
  facts: CheckpointFacts,
): Promise<Checkpoint> {
  const own = join(folder, `step-${String(facts.steps).padStart(9, '0')}`);
  // A stale one of the same name was made by a run that was rewound, or cut off.
  await removeFolder(own);
  await stored(own, () => makeFolder(own));
  const places = placesOf(links, facts.progress.holders);
  const [heads, savedTails] = await Promise.all([
    Promise.all(
      [...places].map(async ([place, clients]) => {
        const file = `heads-${place}.safetensors`;
        const { sha256 } = await links[clients[0]].saveStates({ path: join(own, file), clients });
        return { file, sha256, clients };
      }),
    ),
    tails.saveStates(join(own, TAILS)),
  ]);
  const saved = savedTails && { file: TAILS, sha256: savedTails.sha256, clients: savedTails.clients };
  const manifest: Manifest = { format: FORMAT, ...facts, heads, tails: saved };
  const text = JSON.stringify({ ...manifest, sha256: checksumOf(manifest) });
  await writeFileAtomic(join(own, MANIFEST), `${text}\n`);
  return checkpointOf(own, manifest);
}

/** Clients by the place where they live. */
function placesOf(links: readonly Link[], clients: readonly number[]): ReadonlyMap<number, number[]> {
  const places = new Map<number, number[]>();
  for (const client of clients) {
    const { place } = links[client];
    places.set(place, [...(places.get(place) ?? []), client]);
  }
  return places;
}

/** The checkpoints in a folder, the newest first; `onDamaged` is told of each whose manifest is damaged. */
export async function listCheckpoints(
  folder: string,
  onDamaged: (message: string) => void,
): Promise<readonly Checkpoint[]> {
  const found: Checkpoint[] = [];
  for (const name of (await namesIn(folder)).reverse()) {
    if (!existsSync(join(folder, name, MANIFEST))) continue;
    try {
      found.push(await readCheckpoint(join(folder, name)));
    } catch (error) {
      onDamaged(`checkpoint ${name} is left out: ${messageOf(error)}`);
    }
  }
  return found;
}

/** Throws DataError unless whoever has the files of these heads has them whole. */
export type RequireHeads = (heads: readonly SavedStates[]) => Promise<void>;

/** Of heads whose files are on this machine. */
export async function requireFiles(heads: readonly SavedStates[]): Promise<void> {
  await Promise.all(heads.map(readChecked));
}

/** The newest checkpoint that is wanted and whole, its states included; undefined where there is none. */
export async function newestCheckpoint(
  folder: string,
  isWanted: (checkpoint: Checkpoint) => boolean | Promise<boolean>,
  requireHeads: RequireHeads,
  onDamaged: (message: string) => void,
): Promise<Checkpoint | undefined> {
  for (const checkpoint of await listCheckpoints(folder, onDamaged)) {
    if (!(await isWanted(checkpoint))) continue;
    try {
      const { heads, tails } = checkpoint;
      await Promise.all([requireHeads(heads), ...(tails ? [readChecked(tails)] : [])]);
      return checkpoint;
    } catch (error) {
      // Who has the head is not there: that says nothing of the checkpoint.
      if (error instanceof ClientLostError || error instanceof InterruptedError) throw error;
      onDamaged(`checkpoint ${basename(checkpoint.folder)} is left out: ${messageOf(error)}`);
    }
  }
  return undefined;
}

/** Removes all but these: older ones, damaged ones, and what was cut off while it was written. */
export async function keepOnly(folder: string, kept: readonly Checkpoint[]): Promise<void> {
  for (const name of await namesIn(folder))
    if (!kept.some((each) => basename(each.folder) === name)) await removeFolder(join(folder, name));
}

/** Removes those beyond where training goes on from (all where that is its beginning): what they hold never happened. */
export async function forgetAfter(folder: string, start: Checkpoint | undefined): Promise<void> {
  for (const { folder: own, steps } of await listCheckpoints(folder, () => undefined))
    if (!start || steps > start.steps) await removeFolder(own);
}

/** The manifest goes first: half a checkpoint is none. */
async function removeFolder(own: string): Promise<void> {
  await stored(own, async () => {
    await rm(join(own, MANIFEST), { force: true });
    await rm(own, { recursive: true, force: true });
  });
}

/** In order of their steps. */
async function namesIn(folder: string): Promise<string[]> {
  const names = existsSync(folder) ? await stored(folder, () => readdir(folder)) : [];
  return names.filter((each) => /^step-\d+$/.test(each)).sort();
}

/** What goes wrong with a folder of checkpoints, as an error that says what to do. */
async function stored<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new StorageError(
      'ERR_CHECKPOINT_FOLDER',
      `Cannot use "${path}" for checkpoints: ${messageOf(error)}. It must be a folder that can be read and written.`,
      { path },
      { cause: error },
    );
  }
}

type Manifest = CheckpointFacts & {
  readonly format: number;
  readonly heads: readonly ListedStates[];
  readonly tails: ListedStates | null;
};

interface ListedStates {
  /** Name in the checkpoint's folder. */
  readonly file: string;
  readonly sha256: string;
  readonly clients: readonly number[];
}

async function readCheckpoint(folder: string): Promise<Checkpoint> {
  const path = join(folder, MANIFEST);
  const text = new TextDecoder().decode(await readRequiredFile(path, 'the manifest of a checkpoint'));
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (error) {
    throw notManifest(path, 'it is not JSON', error);
  }
  const { sha256, ...rest } = fieldsOf(manifest);
  if (!isManifest(rest)) throw notManifest(path, `it has not the fields of format ${FORMAT}`);
  let checksum: string;
  try {
    checksum = checksumOf(rest);
  } catch (error) {
    throw notManifest(path, 'it nests too deeply', error);
  }
  if (sha256 !== checksum) throw notManifest(path, 'its SHA-256 differs from its contents');
  return checkpointOf(folder, rest);
}

function checkpointOf(folder: string, { heads, tails, ...facts }: Manifest): Checkpoint {
  const found = ({ file, sha256, clients }: ListedStates) => ({ path: join(folder, file), sha256, clients });
  const { steps, progress, lengths, skippedVisits, costs, dataSha256, versions } = facts;
  const states = { heads: heads.map(found), tails: tails && found(tails) };
  return { folder, steps, progress, lengths, skippedVisits, costs, dataSha256, versions, ...states };
}

/** Of what it says, however it is laid out. */
function checksumOf(manifest: Manifest): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex');
}

function isManifest(value: unknown): value is Manifest {
  const { format, steps, progress, heads, tails, ...rest } = fieldsOf(value);
  const { lengths, skippedVisits, costs, dataSha256, versions } = rest;
  return (
    format === FORMAT &&
    isCount(steps) &&
    isProgress(progress) &&
    isCosts(costs) &&
    typeof dataSha256 === 'string' &&
    Array.isArray(heads) &&
    heads.every(isListed) &&
    (tails === null || isListed(tails)) &&
    isRecordOf(lengths, isCount) &&
    Array.isArray(skippedVisits) &&
    skippedVisits.every((each) => typeof each === 'string') &&
    isRecordOf(versions, (each) => typeof each === 'string')
  );
}

/** A file's name must not lead out of the folder. */
function isListed(value: unknown): boolean {
  const { file, sha256, clients } = fieldsOf(value);
  return (
    typeof file === 'string' &&
    /^[a-z0-9-]+\.safetensors$/.test(file) &&
    typeof sha256 === 'string' &&
    Array.isArray(clients) &&
    clients.every(isCount)
  );
}

function notManifest(path: string, why: string, cause?: unknown): DataError {
  return new DataError(
    'ERR_CHECKPOINT',
    `"${path}" is not the manifest of a checkpoint: ${why}. Delete its folder: the checkpoint before it is taken then.`,
    { path },
    { cause },
  );
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function isRecordOf(value: unknown, isPart: (part: unknown) => boolean): boolean {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord && Object.values(value).every(isPart);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
