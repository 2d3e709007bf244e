import type { TopLevelSpec } from 'vega-lite';
import { heatScheme } from './theme.js';

export interface HeatMap {
  readonly columns: Axis;
  readonly rows: Axis;
  /** What is not listed stays empty. */
  readonly cells: readonly Cell[];
  /** Pixels of a cell. */
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** Of the colours: what they mean, and which values have the first and the last one. */
  readonly scale: {
    readonly title: string;
    readonly domain: readonly [number, number];
    readonly format: string;
    /** Values that the legend names; round ones where none are given. */
    readonly named?: readonly number[];
    /** Shows small values apart: an error in a hundred is hardly seen along an even scale. */
    readonly isSquareRoot?: boolean;
  };
}

interface Axis {
  readonly title: string;
  readonly labels: readonly string[];
}

export interface Cell {
  readonly row: number;
  readonly column: number;
  readonly value: number;
  /** Written into the cell where cells are large enough. */
  readonly text: string;
  readonly isMarked?: boolean;
}

const LARGEST_FONT = 11;
/** A letter's width in ems, of most. */
const LETTER_WIDTH = 0.62;

/** Pixels of one of `count` cells that share `space`. */
export function cellSize(count: number, space: number, smallest: number, largest: number): number {
  return Math.round(Math.min(Math.max(space / count, smallest), largest));
}

/** Cells coloured by value; numbers in them where there is room, an outline round marked ones. */
export function heatMapSpec({ columns, rows, cells, cellWidth, cellHeight, scale }: HeatMap): TopLevelSpec {
  const { title, domain, format, named, isSquareRoot = false } = scale;
  const [low, high] = domain;
  const isBright = (value: number) => {
    const position = (value - low) / (high - low || 1);
    return (isSquareRoot ? Math.sqrt(position) : position) > 0.6;
  };
  const hasRoom = cellHeight >= 15 && cellWidth >= widthOf(cells.map(({ text }) => text)) + 6;
  const labelAngle = cellWidth >= widthOf(columns.labels) ? 0 : cellWidth >= 20 ? -40 : -90;
  const gap = Math.min(cellWidth, cellHeight) >= 12 ? { stroke: 'white', strokeWidth: 1 } : {};
  return {
    width: cellWidth * columns.labels.length,
    height: cellHeight * rows.labels.length,
    view: { fill: '#f3f4f6' },
    data: { values: cells.map((cell) => ({ ...cell, isBright: isBright(cell.value) })) },
    encoding: {
      x: { field: 'column', ...axisOf(columns, cellWidth, labelAngle) },
      y: { field: 'row', ...axisOf(rows, cellHeight, 0) },
    },
    layer: [
      {
        mark: { type: 'rect', ...gap },
        encoding: {
          color: {
            field: 'value',
            type: 'quantitative',
            scale: { scheme: heatScheme, domain: [low, high], type: isSquareRoot ? 'sqrt' : 'linear' },
            legend: {
              title,
              format,
              ...(named && { values: [...named] }),
              gradientLength: cellSize(1, cellHeight * rows.labels.length - 30, 40, 180),
            },
          },
        },
      },
      {
        transform: [{ filter: 'datum.isMarked' }],
        mark: {
          type: 'rect',
          filled: false,
          stroke: 'black',
          strokeWidth: 1.25,
          width: { band: 0.9 },
          height: { band: 0.86 },
        },
      },
      {
        transform: [{ filter: String(hasRoom) }],
        mark: 'text',
        encoding: {
          text: { field: 'text' },
          color: { condition: { test: 'datum.isBright', value: 'black' }, value: 'white' },
        },
      },
    ],
  };
}

/** Pixels of the longest of some texts. */
function widthOf(texts: readonly string[]): number {
  return LARGEST_FONT * LETTER_WIDTH * texts.reduce((longest, { length }) => Math.max(longest, length), 0);
}

/** Every cell is named, in letters that fit between one name and the next. */
function axisOf({ title, labels }: Axis, pixels: number, labelAngle: number) {
  const space = (pixels * labels.length) / labels.filter((label) => label !== '').length;
  return {
    type: 'ordinal' as const,
    scale: { domain: labels.map((_, index) => index) },
    axis: {
      title,
      labelExpr: `${JSON.stringify(labels)}[datum.value]`,
      labelAngle,
      labelFontSize: Math.max(7, Math.min(LARGEST_FONT, space - 1)),
      labelOverlap: false,
      labelPadding: 6,
      grid: false,
      ticks: false,
      domain: false,
    },
  };
}
