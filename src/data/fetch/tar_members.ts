import { closeSync, openSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Parser, type ReadEntry } from 'tar';

/** Which members of a tar archive are written. */
export interface WantedMembers {
  readonly members: readonly string[];
  readonly maxMemberBytes: number;
}

/**
 * Writes members of a tar archive into a folder while the archive's bytes come in. No other names are ever written than those
 * that were asked for. Throws an Error that says what is wrong with the archive, or what writing threw.
 */
export async function writeMembers(
  archive: AsyncIterable<Uint8Array>,
  folder: string,
  { members, maxMemberBytes }: WantedMembers,
): Promise<void> {
  const missing = new Set(members);
  let openFile: number | undefined;
  // The parser works within `write` and `end`, so what is thrown in here ends it at once.
  const parser = new Parser({
    strict: true,
    brotli: false,
    zstd: false,
    onReadEntry(entry) {
      checkEntry(entry);
      if (!missing.delete(entry.path)) {
        entry.resume();
        return;
      }
      if (!isFile(entry) || entry.size > maxMemberBytes)
        throw new Error(`its member "${entry.path}" is no file of at most ${maxMemberBytes} bytes`);
      const file = (openFile = openSync(join(folder, basename(entry.path)), 'wx'));
      entry.on('data', (chunk) => {
        for (let done = 0; done < chunk.length;) done += writeSync(file, chunk, done);
      });
      entry.on('end', () => {
        openFile = undefined;
        closeSync(file);
      });
    },
  });
  parser.on('error', (error: Error) => {
    throw error;
  });
  try {
    for await (const chunk of archive) parser.write(chunk as Buffer);
    parser.end();
  } finally {
    if (openFile !== undefined) closeSync(openFile);
  }
  if (missing.size > 0) throw new Error(`it has no ${[...missing].join(', ')}`);
}

/** An archive with such a member is not one that a publisher of pictures made. */
function checkEntry(entry: ReadEntry): void {
  const isInside = !entry.path.startsWith('/') && !/(^|[/\\])\.\.([/\\]|$)|^[a-z]:/i.test(entry.path);
  if (!isInside) throw new Error(`its member "${entry.path}" lies outside its folder`);
  if (!isFile(entry) && entry.type !== 'Directory')
    throw new Error(`its member "${entry.path}" is a ${entry.type}, neither file nor folder`);
}

function isFile({ type }: ReadEntry): boolean {
  return type === 'File' || type === 'OldFile' || type === 'ContiguousFile';
}
