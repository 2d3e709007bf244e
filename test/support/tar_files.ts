import { gzipSync } from 'node:zlib';

/** A member of a tar archive, whole or strange. */
export interface TarMember {
  readonly path: string;
  readonly bytes?: Uint8Array;
  /** As in POSIX ustar: 0 file, 1 hard link, 2 symbolic link, 3 and 4 devices, 5 folder, 6 pipe. */
  readonly type?: string;
  readonly linkTo?: string;
  /** Where the header lies about it. */
  readonly sizeBytes?: number;
}

const BLOCK = 512;

/** A gzipped tar archive (POSIX ustar) of these members. */
export function encodeTarGz(members: readonly TarMember[]): Uint8Array {
  return gzipSync(encodeTar(members));
}

export function encodeTar(members: readonly TarMember[]): Uint8Array {
  const blocks = members.flatMap(({ bytes = new Uint8Array(), ...member }) => {
    const padding = new Uint8Array((BLOCK - (bytes.length % BLOCK)) % BLOCK);
    return [header(member, member.sizeBytes ?? bytes.length), bytes, padding];
  });
  return Buffer.concat([...blocks, new Uint8Array(2 * BLOCK)]);
}

function header({ path, type = '0', linkTo = '' }: Omit<TarMember, 'bytes'>, sizeBytes: number): Uint8Array {
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`;
  const block = Buffer.alloc(BLOCK);
  block.write(path, 0);
  block.write(octal(0o644, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(sizeBytes, 12), 124);
  block.write(octal(0, 12), 136);
  block.write('        ', 148);
  block.write(type, 156);
  block.write(linkTo, 157);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)} `, 148);
  return block;
}
