import type { TopLevelSpec } from 'vega-lite';
import { shippedTextWidth } from './font.js';
import { theme } from './theme.js';

/** vega's hook for measuring text where there is no canvas; not in its types. */
interface Measuring {
  readonly textMetrics: {
    width: (item: { readonly fontSize?: number }, text: string | number | null) => number;
  };
}

/**
 * Draws a plot as SVG: the same bytes for the same plot. Ids inside start with `name`, so that a page can hold several. The
 * libraries are loaded only now, since a training should not wait for them.
 */
export async function drawSvg(name: string, spec: TopLevelSpec): Promise<string> {
  const [vega, { compile }, textWidth] = await Promise.all([
    import('vega'),
    import('vega-lite'),
    shippedTextWidth(),
  ]);
  const { textMetrics } = vega as unknown as Measuring;
  textMetrics.width = ({ fontSize = 11 }, text) => fontSize * textWidth(String(text ?? ''));
  const view = new vega.View(vega.parse(compile(spec, { config: theme }).spec), { renderer: 'none' });
  try {
    return tidied(await view.toSVG(), name);
  } finally {
    view.finalize();
  }
}

/** Two decimals of a pixel are enough; vega counts its ids over a whole process. */
function tidied(svg: string, name: string): string {
  const ids: string[] = [];
  const renamed = (id: string) => {
    if (!ids.includes(id)) ids.push(id);
    return `${name}-${ids.indexOf(id)}`;
  };
  return svg
    .replace(/ (?:d|x|y|transform)="[^"]*"/g, (attribute) =>
      attribute.replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (number) => String(Number(Number(number).toFixed(2)))),
    )
    .replace(/(?<= id="|url\(#)[^")]+/g, renamed);
}
