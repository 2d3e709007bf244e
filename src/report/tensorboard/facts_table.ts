import type { RunInfo } from '../sink.js';

/** What a run is going to do as a Markdown table, a fact a row; facts that there are not are left out. */
export function factsTable(info: RunInfo): string {
  const rows = Object.entries(info)
    .filter(([, fact]) => fact !== undefined)
    .map(([name, fact]) => `| ${name} | ${escaped(textOf(fact))} |`);
  return ['| fact | value |', '| --- | --- |', ...rows].join('\n');
}

function textOf(fact: unknown): string {
  if (Array.isArray(fact)) return fact.map(textOf).join(', ');
  return typeof fact === 'string' ? fact : JSON.stringify(fact);
}

/** A bar would end the cell, a line break the row. */
function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
