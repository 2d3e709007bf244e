import { expect } from 'chai';
import type { LeftOut, PlotSpec } from '../../src/report/plots/plot.js';
import { drawSvg } from '../../src/report/plots/svg.js';

/** The plot, which must not be left out. */
export function drawable(plot: PlotSpec | LeftOut): PlotSpec {
  expect(plot).to.have.property('spec');
  return plot as PlotSpec;
}

/** Draws a plot, which must not be left out, and gives its SVG. */
export function svgOf(plot: PlotSpec | LeftOut): Promise<string> {
  const { name, spec } = drawable(plot);
  return drawSvg(name, spec);
}
