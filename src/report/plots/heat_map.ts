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

/** Pixels of one of `count` cells that share `space`. */
export function cellSize(count: number, space: number, smallest: number, largest: number): number {
  return Math.round(Math.min(Math.max(space / count, smallest), largest));
}

/** Cells coloured by value; numbers in them where there is room, an outline round marked ones. */
export function heatMapSpec({ columns, rows, cells, cellWidth, cellHeight, scale }: HeatMap): TopLevelSpec {
  const { title, domain, format, isSquareRoot = false } = scale;
  const [low, high] = domain;
  const position = (value: number) => (value - low) / (high - low || 1);
  const fontSize = Math.min(LARGEST_FONT, cellHeight - 4);
  const longest = Math.max(...cells.map(({ text }) => text.length));
  const hasRoom = cellHeight >= 15 && cellWidth >= longest * fontSize * 0.62 + 6;
  const longestLabel = Math.max(...columns.labels.map((label) => label.length));
  const isWide = cellWidth >= longestLabel * LARGEST_FONT * 0.62;
  const gap = Math.min(cellWidth, cellHeight) >= 12 ? { stroke: 'white', strokeWidth: 1 } : {};
  const brightness = (value: number) => (isSquareRoot ? Math.sqrt(position(value)) : position(value));
  const values = cells.map((cell) => ({ ...cell, isBright: brightness(cell.value) > 0.6 }));
  const axis = { grid: false, ticks: false, domain: false, labelOverlap: false, labelPadding: 6 } as const;
  const domainOf = ({ labels }: Axis) => labels.map((_, index) => index);
  const labelExpr = ({ labels }: Axis) => `${JSON.stringify(labels)}[datum.value]`;
  const labelSize = ({ labels }: Axis, pixels: number) => {
    const space = (pixels * labels.length) / labels.filter((label) => label !== '').length;
    return Math.max(7, Math.min(LARGEST_FONT, space - 1));
  };
  return {
    width: cellWidth * columns.labels.length,
    height: cellHeight * rows.labels.length,
    view: { fill: '#f3f4f6' },
    data: { values },
    encoding: {
      x: {
        field: 'column',
        type: 'ordinal',
        scale: { domain: domainOf(columns) },
        axis: {
          ...axis,
          title: columns.title,
          labelExpr: labelExpr(columns),
          labelAngle: isWide ? 0 : cellWidth >= 20 ? -40 : -90,
          labelFontSize: labelSize(columns, cellWidth),
        },
      },
      y: {
        field: 'row',
        type: 'ordinal',
        scale: { domain: domainOf(rows) },
        axis: {
          ...axis,
          title: rows.title,
          labelExpr: labelExpr(rows),
          labelFontSize: labelSize(rows, cellHeight),
        },
      },
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
              gradientLength: Math.max(40, Math.min(180, cellHeight * rows.labels.length - 30)),
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
      ...(hasRoom
        ? [
            {
              mark: { type: 'text', fontSize } as const,
              encoding: {
                text: { field: 'text' },
                color: { condition: { test: 'datum.isBright', value: 'black' }, value: 'white' },
              },
            } as const,
          ]
        : []),
    ],
  };
}
