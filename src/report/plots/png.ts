import { FONT_FAMILY } from './theme.js';
import { fontFiles } from './font.js';

/** Pixels of a picture for one of a plot: sharp on dense screens and in print. */
const PIXEL_RATIO = 2;

/** Draws an SVG as PNG, twice as large, with the shipped font alone. */
export async function drawPng(svg: string): Promise<Buffer> {
  const { renderAsync } = await import('@resvg/resvg-js');
  const image = await renderAsync(svg, {
    fitTo: { mode: 'zoom', value: PIXEL_RATIO },
    font: {
      loadSystemFonts: false,
      fontFiles: Object.values(fontFiles),
      defaultFontFamily: FONT_FAMILY.split(',')[0],
    },
  });
  return image.asPng();
}
