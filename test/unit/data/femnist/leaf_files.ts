import { hexOf, type FlatRow } from './sources.js';

export interface LeafFile {
  users: string[];
  num_samples: number[];
  user_data: Record<string, { x: number[][]; y: number[] }>;
}

/** Two users, with two rows and one: paper with ink in one corner. */
export function smallFile(): LeafFile {
  const picture = (ink: number) => [ink, ...Array<number>(783).fill(1)];
  return {
    users: ['b', 'a'],
    num_samples: [2, 1],
    user_data: { b: { x: [picture(0), picture(0.2)], y: [61, 0] }, a: { x: [picture(1)], y: [10] } },
  };
}

/** What JSON.parse makes of a file that is right. */
export function parsed(text: string): FlatRow[] {
  const { user_data: data } = JSON.parse(text) as {
    user_data: Record<string, { x: number[][]; y: number[] }>;
  };
  return Object.entries(data).flatMap(([writer, { x, y }]) =>
    y.map((label, row) => ({
      writer,
      label,
      picture: hexOf(
        Uint8Array.from(x[row], (value) => Math.round(value * 255)),
        0,
      ),
    })),
  );
}
