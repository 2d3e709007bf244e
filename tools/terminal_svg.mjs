// Draws plain terminal text (standard input) as an SVG picture (standard output). The README's picture was made so:
//   make train WORKERS=4, in tmux 118 columns wide; then
//   tmux capture-pane -p | node tools/terminal_svg.mjs > docs/images/train.svg
// with the prompt of the command put before it, and the folder of the checkout taken out of the paths.
import { readFileSync } from 'node:fs';

const lines = readFileSync(0, 'utf8').trimEnd().split('\n');
const [charWidth, lineHeight, margin] = [8.4, 19, 18];
const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * charWidth + 2 * margin);
const height = lines.length * lineHeight + 2 * margin;
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const colour = (line) =>
  line.startsWith('$') ? '#8bd5a0' : /^(round|test accuracy)/.test(line) ? '#ffffff' : '#b9c3d0';
const rows = lines.map(
  (line, row) =>
    `<text x="${margin}" y="${margin + 14 + row * lineHeight}" fill="${colour(line)}" xml:space="preserve">${escape(line)}</text>`,
);
process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">\n` +
    `<rect width="100%" height="100%" rx="8" fill="#1d2530"/>\n${rows.join('\n')}\n</svg>\n`,
);
