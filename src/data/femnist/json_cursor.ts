import { readSync } from 'node:fs';
import { messageOf } from '../../core/errors.js';
import { badSource } from './rows.js';

const WINDOW_BYTES = 1 << 18;
const MAX_NUMBER_BYTES = 64;
const MAX_STRING_BYTES = 1024;

const [QUOTE, BACKSLASH, POINT, ZERO, NINE] = Buffer.from('"\\.09');
const numberText = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;
const isNumberByte = Uint8Array.from({ length: 256 }, (_, byte) =>
  '+-.0123456789Ee'.includes(String.fromCharCode(byte)) ? 1 : 0,
);
const powersOfTen = Float64Array.from({ length: 20 }, (_, exponent) => Number(`1e${exponent}`));

/** A place in a JSON text. What is read is taken; white space before it is skipped; what is not there throws DataError. */
export interface JsonCursor {
  /** Takes this punctuation mark if it comes next, and says whether it did. */
  take(mark: string): boolean;
  expect(mark: string): void;
  number(): number;
  string(): string;
  /** Names of an object's members; the value must be read after each. */
  members(): Generator<string>;
  /** Positions in an array; the value must be read after each. */
  elements(): Generator<number>;
  expectEnd(): void;
  /** Bytes read so far. */
  numBytes(): number;
  /** An error that names the file and this place in it. */
  fail(why: string): Error;
}

/**
 * Reads the JSON text of an open file of any length in 256 kB of memory: files of LEAF have hundreds of MB, often on one line, and
 * JSON.parse would make gigabytes of objects of them. Texts are limited to 1 kB and numbers to 64 characters.
 */
export function openJson(file: number, path: string): JsonCursor {
  const window = Buffer.allocUnsafe(WINDOW_BYTES);
  let windowStart = 0;
  let at = 0;
  let end = 0;
  let isWhole = false;

  /** Brings the next bytes into the window: so many, or all that are left. */
  function fill(wanted: number): void {
    if (end - at >= wanted || isWhole) return;
    window.copyWithin(0, at, end);
    windowStart += at;
    end -= at;
    at = 0;
    while (end < WINDOW_BYTES) {
      const numRead = readSync(file, window, end, WINDOW_BYTES - end, null);
      if (numRead === 0) {
        isWhole = true;
        return;
      }
      end += numRead;
    }
  }

  function skipSpace(): void {
    for (;;) {
      if (at === end) fill(1);
      if (at === end) return;
      const byte = window[at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      at++;
    }
  }

  function fail(why: string): Error {
    return badSource(path, `${why}, at byte ${windowStart + at}`);
  }

  function found(): string {
    fill(12);
    return at === end
      ? 'the end of the file'
      : JSON.stringify(window.toString('latin1', at, Math.min(end, at + 12)));
  }

  function take(mark: string): boolean {
    skipSpace();
    if (at === end || window[at] !== mark.charCodeAt(0)) return false;
    at++;
    return true;
  }

  function expect(mark: string): void {
    if (!take(mark)) throw fail(`expected ${mark}, found ${found()}`);
  }

  function number(): number {
    skipSpace();
    fill(MAX_NUMBER_BYTES + 1);
    let stop = at;
    while (stop < end && isNumberByte[window[stop]] === 1) stop++;
    const value = stop - at > MAX_NUMBER_BYTES ? NaN : parseNumber(window, at, stop);
    if (Number.isNaN(value)) throw fail(`expected a number, found ${found()}`);
    at = stop;
    return value;
  }

  function string(): string {
    skipSpace();
    fill(MAX_STRING_BYTES);
    const last = Math.min(end, at + MAX_STRING_BYTES);
    if (at === end || window[at] !== QUOTE) throw fail(`expected a text, found ${found()}`);
    let stop = at + 1;
    while (stop < last && window[stop] !== QUOTE) stop += window[stop] === BACKSLASH ? 2 : 1;
    if (stop >= last) throw fail(`found a text without an end, or of more than ${MAX_STRING_BYTES} bytes`);
    try {
      const text: unknown = JSON.parse(
        new TextDecoder('utf-8', { fatal: true }).decode(window.subarray(at, stop + 1)),
      );
      at = stop + 1;
      return String(text);
    } catch (error) {
      throw fail(`found a text that is none (${messageOf(error)})`);
    }
  }

  function* members(): Generator<string> {
    expect('{');
    if (take('}')) return;
    do {
      const name = string();
      expect(':');
      yield name;
    } while (take(','));
    expect('}');
  }

  function* elements(): Generator<number> {
    expect('[');
    if (take(']')) return;
    let position = 0;
    do yield position++;
    while (take(','));
    expect(']');
  }

  function expectEnd(): void {
    skipSpace();
    if (at !== end) throw fail(`expected the end of the file, found ${found()}`);
  }

  return {
    take,
    expect,
    number,
    string,
    members,
    elements,
    expectEnd,
    numBytes: () => windowStart + at,
    fail,
  };
}

/** The number in these bytes, NaN if they are none. Nearly all of LEAF's are `1.0` or `0.` and some digits. */
function parseNumber(bytes: Uint8Array, start: number, stop: number): number {
  const length = stop - start;
  const first = bytes[start];
  if (length < 3 || length > 19 || bytes[start + 1] !== POINT || first < ZERO || first > NINE)
    return parseAnyNumber(bytes, start, stop);
  let digits = first - ZERO;
  for (let at = start + 2; at < stop; at++) {
    const byte = bytes[at];
    if (byte < ZERO || byte > NINE) return parseAnyNumber(bytes, start, stop);
    digits = digits * 10 + (byte - ZERO);
  }
  return digits / powersOfTen[length - 2];
}

function parseAnyNumber(bytes: Uint8Array, start: number, stop: number): number {
  const text = Buffer.from(bytes.subarray(start, stop)).toString('latin1');
  return numberText.test(text) ? Number(text) : NaN;
}
