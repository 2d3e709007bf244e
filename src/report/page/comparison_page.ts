import { nameOf, runsOf, type Comparison } from '../comparison/comparison.js';
import { legend, notesOf, tableOf, titleOf } from '../comparison/table.js';
import type { Plot } from '../plots/plot.js';
import type { RunOption } from '../plots/run_record.js';
import type { Fact } from './facts.js';
import { Html, html } from './html.js';
import { score, seconds } from './numbers.js';
import { figure } from './report_page.js';
import { optionTable } from './tables.js';

export interface ComparisonPageParts {
  readonly comparison: Comparison;
  /** Of its directory. */
  readonly name: string;
  /** What its runs have in common. */
  readonly options: readonly RunOption[];
  readonly plots: readonly Plot[];
  /** Plots that are left out, and why. */
  readonly notes: readonly string[];
  readonly styleSheet: string;
}

/** The whole `comparison.html`: it asks nothing of the network, and is the same for the same comparison. */
export function comparisonPage(parts: ComparisonPageParts): string {
  const { comparison, name, options, plots, notes, styleSheet } = parts;
  const title = titleOf(comparison);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} (${name})</title>
        <style>
          ${new Html(styleSheet)}
        </style>
      </head>
      <body class="wide">
        <header>
          <p class="quiet">bloom-split, ${name}</p>
          <h1>${title}</h1>
          <p>
            A cell is one choice of a value for every key that was swept; each was run
            ${comparison.seeds.length === 1 ? 'once' : `with ${comparison.seeds.length} seeds`}, one run after
            the other.
          </p>
          <dl class="numbers">
            ${headline(comparison).map(
              ([subject, text]) =>
                html`<div>
                  <dt>${subject}</dt>
                  <dd>${text}</dd>
                </div>`,
            )}
          </dl>
        </header>
        <main>
          <h2>Results</h2>
          ${resultTable(comparison)}
          <p class="quiet">${legend}</p>
          <h2>Plots</h2>
          ${plots.map(figure)}
          <h2>What all runs have in common</h2>
          <p>Options that differ from the defaults, besides those above:</p>
          ${optionTable({ options })}
          <h2>Notes</h2>
          ${noteList([...notesOf(comparison), ...notes])}
          <h2>Runs</h2>
          ${runTable(comparison)}
        </main>
      </body>
    </html> `.source;
}

function headline(comparison: Comparison): readonly Fact[] {
  const runs = runsOf(comparison).map(({ run }) => run);
  const numberOf = (status: string) => runs.filter((run) => run.status === status).length;
  const time = runs.reduce((sum, { results }) => sum + (results?.wall_seconds ?? 0), 0);
  return [
    ['cells', String(comparison.cells.length)],
    ['runs done', `${numberOf('done')} of ${runs.length}`],
    ['runs failed', String(numberOf('failed'))],
    ['wall time of runs', seconds(time)],
  ];
}

function resultTable(comparison: Comparison): Html {
  const { columns, rows, numKeys } = tableOf(comparison);
  const isNumber = (column: number) => (column < numKeys ? '' : 'number');
  return html`<div class="scroll">
    <table class="results">
      <thead>
        <tr>
          ${columns.map((column, at) => html`<th scope="col" class="${isNumber(at)}">${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((text, at) =>
                at < numKeys
                  ? html`<th scope="row">${text}</th>`
                  : html`<td class="number">${spreadBelow(text)}</td>`,
              )}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

/** The spread stands below its mean, or the table would be wider than the page. */
function spreadBelow(text: string): Html {
  const [mean, spread = ''] = text.split(/(?= \u00b1)/);
  return spread === '' ? html`${mean}` : html`${mean}<br /><span class="quiet">${spread}</span>`;
}

function runTable(comparison: Comparison): Html {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">run</th>
          <th scope="col" class="number">seed</th>
          <th scope="col" class="number">accuracy</th>
          <th scope="col">in</th>
        </tr>
      </thead>
      <tbody>
        ${runsOf(comparison).map(
          ({ cell, run: { seed, status, results, directory } }) =>
            html`<tr>
              <th scope="row">${nameOf(cell.settings)}</th>
              <td class="number">${seed}</td>
              <td class="number">${results === null ? status : score(results.accuracy)}</td>
              <td>
                ${results === null ? directory : html`<a href="${directory}/report.html">${directory}</a>`}
              </td>
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

function noteList(notes: readonly string[]): Html {
  if (notes.length === 0) return html`<p>Every run is done, and nothing is left out.</p>`;
  return html`<ul>
    ${notes.map((note) => html`<li>${note}</li>`)}
  </ul>`;
}
