import type { Config } from 'vega-lite';

/** The shipped font first; an SVG that is looked at elsewhere finds something like it. */
export const FONT_FAMILY = 'Inter, Helvetica Neue, Arial, sans-serif';

/** Width in pixels of a plot that fills the page. */
export const PAGE_WIDTH = 720;

/** Okabe and Ito's colours that stand out on white: told apart with any kind of colour vision. */
export const palette = ['#0072B2', '#E69F00', '#009E73', '#D55E00', '#CC79A7', '#56B4E9', '#000000'] as const;

/** Of what stands for everything: a micro-average, a mean over clients. */
export const OVERALL_COLOR = '#000000';

/** Of what is only background to what matters. */
export const FAINT_COLOR = '#d5d9de';

/** Of heat maps: even steps to the eye, in grey too. */
export const heatScheme = 'viridis';

const [ink, label, line, grid] = ['#1f2328', '#4b5259', '#8b939b', '#e7e9ec'];

/** How every plot looks. */
export const theme: Config = {
  background: 'white',
  padding: 8,
  font: FONT_FAMILY,
  // The page describes a plot as a whole; marks described one by one would double its size.
  aria: false,
  view: { stroke: null },
  axis: {
    labelFontSize: 11,
    labelColor: label,
    titleFontSize: 12,
    titleFontWeight: 600,
    titleColor: ink,
    titlePadding: 10,
    labelFlush: false,
    domainColor: line,
    tickColor: line,
    tickSize: 4,
    gridColor: grid,
  },
  legend: {
    labelFontSize: 11,
    labelColor: label,
    titleFontSize: 12,
    titleFontWeight: 600,
    titleColor: ink,
    titlePadding: 8,
    rowPadding: 4,
    offset: 16,
    labelLimit: 240,
  },
  text: { fontSize: 11, color: ink },
};
