/** Marks of a kind in an SVG of vega: the data's own, not those of axes and legends. */
export function marks(svg: string, kind: 'rect' | 'line' | 'text' | 'symbol'): readonly string[] {
  const groups = [...svg.matchAll(new RegExp(`<g class="mark-${kind} role-mark[^>]*[^/]>(.*?)</g>`, 'g'))];
  return groups.flatMap(([, content]) => content.match(/<(path|text|line)[ >]/g) ?? []);
}

/** The texts of an SVG, in their order, as a reader sees them. */
export function texts(svg: string): readonly string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) =>
    text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'),
  );
}

/** Width and height in pixels. */
export function sizeOf(svg: string): readonly [number, number] {
  const [, width, height] = /<svg [^>]*width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
  return [Number(width), Number(height)];
}
