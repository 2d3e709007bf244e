import { readFile } from 'node:fs/promises';
import { fontFiles } from '../plots/font.js';
import { FONT_FAMILY } from '../plots/theme.js';

/** The page's style sheet, with the shipped font in it: what plots were laid out with. */
export async function styleSheet(): Promise<string> {
  const [regular, semiBold] = await Promise.all([
    fontFace(fontFiles.regular, 400),
    fontFace(fontFiles.semiBold, 600),
  ]);
  return `${regular}${semiBold}${rules}`;
}

async function fontFace(path: string, weight: number): Promise<string> {
  const data = (await readFile(path)).toString('base64');
  return `@font-face{font-family:Inter;font-weight:${weight};src:url(data:font/ttf;base64,${data})}\n`;
}

const rules = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1f2328; --quiet: #57606a; --line: #d8dee4; --soft: #f6f8fa; --link: #0b62b8;
}
@media (prefers-color-scheme: dark) {
  :root { --paper: #15181c; --ink: #e6eaee; --quiet: #9aa4af; --line: #333a42; --soft: #1e2329; --link: #6cb3f5; }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 52rem; background: var(--paper); color: var(--ink);
  font: 400 1rem/1.55 ${FONT_FAMILY};
}
.wide { max-width: 62rem; }
h1, h2, h3, th, dt, summary { font-weight: 600; }
h1 { margin: 0.2rem 0 0.4rem; font-size: 1.9rem; line-height: 1.2; letter-spacing: -0.015em; }
h2 { margin: 3rem 0 1rem; padding-bottom: 0.35rem; border-bottom: 1px solid var(--line); font-size: 1.25rem; }
h3 { margin: 0 0 0.25rem; font-size: 1rem; }
p { margin: 0 0 0.75rem; }
a { color: var(--link); }
.quiet { color: var(--quiet); }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.6rem, 1fr)); gap: 0.75rem; margin: 1.75rem 0 0; }
.numbers div { padding: 0.8rem 1rem; border: 1px solid var(--line); border-radius: 0.5rem; background: var(--soft); }
.numbers dt { font-weight: 400; font-size: 0.82rem; color: var(--quiet); }
.numbers dd { margin: 0; font-size: 1.35rem; white-space: nowrap; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 0.4rem 1.5rem; margin: 0; }
.facts dt { color: var(--quiet); font-weight: 400; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 0.35rem 0.6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { color: var(--quiet); font-size: 0.85rem; white-space: nowrap; }
tbody th { font-weight: 400; white-space: nowrap; }
th:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
td.number, th.number { text-align: right; }
table.results { font-size: 0.92rem; }
table.results td { white-space: nowrap; }
table.results thead th { white-space: normal; vertical-align: bottom; }
.scroll + p { margin-top: 0.75rem; font-size: 0.92rem; }
tr.all th, tr.all td { font-weight: 600; }
td { overflow-wrap: anywhere; }
code { font: 0.9em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
figure { margin: 0 0 2.5rem; }
figcaption { margin-bottom: 0.75rem; color: var(--quiet); font-size: 0.92rem; max-width: 48rem; }
.plot { padding: 0.5rem; border: 1px solid var(--line); border-radius: 0.5rem; background: white; text-align: center; }
.plot svg { display: block; margin: 0 auto; max-width: 100%; height: auto; }
details { margin-top: 1rem; }
summary { cursor: pointer; }
@media (max-width: 36rem) {
  .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd { margin-bottom: 0.5rem; }
}
@media print { figure, tr { break-inside: avoid; } }
`;
