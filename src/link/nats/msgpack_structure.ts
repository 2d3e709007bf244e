/** MessagePack's extension type of an ArrayBuffer. */
export const BUFFER_TYPE = 1;

/** Deeper than any message of this program. */
const MAX_DEPTH = 32;

/**
 * Walks MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) without allocating: every length that it announces must be
 * there. The decoder reserves what is announced, so this comes before it. Throws RangeError.
 */
export function checkStructure(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** Values that are still to come, by depth. */
  const open = [1];
  let at = 0;
  const number = (size: number): number => {
    const value = size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at) : view.getUint32(at);
    at += size;
    return value;
  };
  while (open.length > 0) {
    if (open[open.length - 1]-- === 0) {
      open.pop();
      continue;
    }
    const { skipped, inside } = valueOf(number(1), number);
    at += skipped;
    if (at + inside > bytes.length) throw new RangeError(`it ends before byte ${at + inside}`);
    if (inside > 0) open.push(inside);
    if (open.length > MAX_DEPTH) throw new RangeError(`it nests deeper than ${MAX_DEPTH}`);
  }
  if (at < bytes.length) throw new RangeError(`${bytes.length - at} bytes follow its end`);
}

/** Bytes of the value itself, after what was read of its length; and how many values are inside. */
interface Extent {
  readonly skipped: number;
  readonly inside: number;
}

const skip = (skipped: number): Extent => ({ skipped, inside: 0 });
const hold = (inside: number): Extent => ({ skipped: 0, inside });

function valueOf(head: number, number: (size: number) => number): Extent {
  if (head <= 0x7f || head >= 0xe0) return skip(0);
  if (head <= 0x8f) return hold(2 * (head & 0x0f));
  if (head <= 0x9f) return hold(head & 0x0f);
  if (head <= 0xbf) return skip(head & 0x1f);
  switch (head) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      return skip(0);
    case 0xcc: // uint 8 to 64, int 8 to 64
    case 0xd0:
      return skip(1);
    case 0xcd:
    case 0xd1:
      return skip(2);
    case 0xca: // float 32
    case 0xce:
    case 0xd2:
      return skip(4);
    case 0xcb: // float 64
    case 0xcf:
    case 0xd3:
      return skip(8);
    case 0xd9: // str 8 to 32
    case 0xda:
    case 0xdb:
      return skip(number(1 << (head - 0xd9)));
    case 0xdc: // array 16, 32
    case 0xdd:
      return hold(number(2 << (head - 0xdc)));
    case 0xde: // map 16, 32
    case 0xdf:
      return hold(2 * number(2 << (head - 0xde)));
    case 0xc7: // ext 8 to 32
    case 0xc8:
    case 0xc9:
      return buffer(number(1 << (head - 0xc7)), number);
    case 0xd4: // fixext 1 to 16
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return buffer(1 << (head - 0xd4), number);
    default:
      throw new RangeError(`it has a part of type ${head}`);
  }
}

function buffer(size: number, number: (size: number) => number): Extent {
  const type = number(1);
  if (type !== BUFFER_TYPE) throw new RangeError(`it has an extension of type ${type}`);
  return skip(size);
}
