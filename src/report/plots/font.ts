import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The shipped font (assets/fonts): what plots and the report are set in, so that no system font is needed. */
export const fontFiles = {
  regular: join(fontFolder(), 'Inter-Regular.ttf'),
  semiBold: join(fontFolder(), 'Inter-SemiBold.ttf'),
} as const;

/** Compiled code lies deeper under the package for tests than for users. */
function fontFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return join(folder, 'assets', 'fonts');
}

/** Width of a text in ems. */
export type TextWidth = (text: string) => number;

/** Width of texts in the shipped font, without kerning; the wider weight, so that a text is never wider than said. */
export async function shippedTextWidth(): Promise<TextWidth> {
  const advance = advanceWidths(await readFile(fontFiles.semiBold));
  return (text) =>
    Array.from(text, (letter) => advance(letter.codePointAt(0) ?? 0)).reduce((a, b) => a + b, 0);
}

/** Advance width in ems by code point, from a TrueType file: its `cmap` (format 4) and `hmtx` tables. */
function advanceWidths(font: Buffer): (codePoint: number) => number {
  const numTables = font.readUInt16BE(4);
  const table = (tag: string): number => {
    for (let at = 12; at < 12 + 16 * numTables; at += 16)
      if (font.toString('latin1', at, at + 4) === tag) return font.readUInt32BE(at + 8);
    throw new RangeError(`A font without a table "${tag}".`);
  };
  const unitsPerEm = font.readUInt16BE(table('head') + 18);
  const lastMetric = font.readUInt16BE(table('hhea') + 34) - 1;
  const hmtx = table('hmtx');
  const glyphOf = format4(font, table('cmap'));
  return (codePoint) => font.readUInt16BE(hmtx + 4 * Math.min(glyphOf(codePoint), lastMetric)) / unitsPerEm;
}

/** Glyph number by code point; 0, the glyph of what is missing, outside the font. */
function format4(font: Buffer, cmap: number): (codePoint: number) => number {
  const subtables = Array.from(
    { length: font.readUInt16BE(cmap + 2) },
    (_, index) => cmap + font.readUInt32BE(cmap + 8 + 8 * index),
  );
  const subtable = subtables.find((at) => font.readUInt16BE(at) === 4);
  if (subtable === undefined) throw new RangeError('A font without a character map of format 4.');
  const size = font.readUInt16BE(subtable + 6);
  const ends = subtable + 14;
  const [starts, deltas, offsets] = [ends + size + 2, ends + 2 * size + 2, ends + 3 * size + 2];
  return (codePoint) => {
    for (let at = 0; at < size; at += 2) {
      if (codePoint > font.readUInt16BE(ends + at)) continue;
      const start = font.readUInt16BE(starts + at);
      if (codePoint < start) return 0;
      const delta = font.readUInt16BE(deltas + at);
      const offset = font.readUInt16BE(offsets + at);
      if (offset === 0) return (codePoint + delta) & 0xffff;
      const glyph = font.readUInt16BE(offsets + at + offset + 2 * (codePoint - start));
      return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
    }
    return 0;
  };
}
