import { heatScheme, palette } from './theme.js';

/**
 * How lines tell clients apart by their field `client`: by colour and name where there are few; else along a scale, since
 * nobody can tell many colours apart.
 */
export function clientColor(numClients: number) {
  if (numClients > palette.length) {
    return {
      field: 'client',
      type: 'quantitative',
      // The scale's bright end does not stand out on white.
      scale: { scheme: { name: heatScheme, extent: [0, 0.9] }, domain: [0, numClients - 1] },
      legend: { title: 'client', format: 'd', tickMinStep: 1, gradientLength: 160, gradientOpacity: 1 },
    } as const;
  }
  const clients = Array.from({ length: numClients }, (_, client) => client);
  return {
    field: 'client',
    type: 'nominal',
    scale: { domain: clients, range: palette.slice(0, numClients) },
    legend: { title: 'client', symbolType: 'stroke', symbolStrokeWidth: 3, symbolOpacity: 1 },
  } as const;
}
