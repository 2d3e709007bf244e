import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runFiles } from '../run_directory.js';

/** A file of a run directory that goes along with the run. */
export interface RunFile {
  /** In the run directory: `plots/loss.png`. */
  readonly name: string;
  /** In Weights & Biases. */
  readonly remoteName: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sha256: string;
  /** Of a picture. */
  readonly size: PictureSize | null;
}

interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** The plots of a run, and its tests in full: those of them that are there. */
export async function* readRunFiles(runDirectory: string): AsyncGenerator<RunFile> {
  const plots = (await existing(readdir(join(runDirectory, 'plots')))) ?? [];
  for (const name of plots.filter((each) => each.endsWith('.png')).sort()) {
    const bytes = await existing(readFile(join(runDirectory, 'plots', name)));
    const size = bytes && pngSize(bytes);
    if (!size) continue;
    const sha256 = sha256Of(bytes);
    const remoteName = `media/images/plots/${basename(name, '.png')}_${sha256.slice(0, 20)}.png`;
    yield { name: `plots/${name}`, remoteName, bytes, sha256, size };
  }
  const { evaluation } = runFiles(runDirectory);
  const bytes = await existing(readFile(evaluation));
  const name = basename(evaluation);
  if (bytes) yield { name, remoteName: name, bytes, sha256: sha256Of(bytes), size: null };
}

/** What a picture is in a history: W&B finds the file by its path. */
export function pictureValue({ remoteName, bytes, sha256, size }: RunFile): object {
  return { _type: 'image-file', path: remoteName, sha256, size: bytes.length, format: 'png', ...size };
}

/** Width and height in a PNG's first chunk, IHDR; null where it is no PNG. */
export function pngSize(bytes: Uint8Array<ArrayBuffer>): PictureSize | null {
  const signature = '89504e470d0a1a0a0000000d49484452';
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 24));
  if (start.length < 24 || start.toString('hex', 0, 16) !== signature) return null;
  return { width: start.readUInt32BE(16), height: start.readUInt32BE(20) };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Undefined for what is not there. */
async function existing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}
