import type { TopLevelSpec } from 'vega-lite';
import { drawPng } from './png.js';
import { drawSvg } from './svg.js';

/** What a plot is, before it is drawn. */
export interface PlotSpec {
  /** Of its files, and unique in a page. */
  readonly name: string;
  readonly title: string;
  /** One sentence that says how to read it. */
  readonly caption: string;
  readonly spec: TopLevelSpec;
}

/** Why a plot is not drawn, as a sentence; null where the notes of the run's evaluation say it. */
export interface LeftOut {
  readonly leftOut: string | null;
}

/** A drawn plot. */
export interface Plot extends Omit<PlotSpec, 'spec'> {
  readonly svg: string;
  /** Twice as wide and high as the SVG. */
  readonly png: Uint8Array;
}

/** Draws a plot, with the shipped font. */
export async function draw({ spec, ...plot }: PlotSpec): Promise<Plot> {
  const svg = await drawSvg(plot.name, spec);
  return { ...plot, svg, png: await drawPng(svg) };
}
