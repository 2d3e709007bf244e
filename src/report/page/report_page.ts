import type { Plot } from '../plots/plot.js';
import type { RunRecord } from '../plots/run_record.js';
import { costSection } from './costs.js';
import { headline, machine, whatRan, type Fact } from './facts.js';
import { Html, html } from './html.js';
import { plural } from './numbers.js';
import { classTable, clientTable, optionTable } from './tables.js';

export interface ReportParts {
  readonly run: RunRecord;
  readonly plots: readonly Plot[];
  /** What is left out, and why. */
  readonly notes: readonly string[];
  /** Files beside the report, and what is in them. */
  readonly files: readonly Fact[];
  readonly styleSheet: string;
}

/** The whole `report.html`: it asks nothing of the network, and is the same for the same run. */
export function reportPage({ run, plots, notes, files, styleSheet }: ReportParts): string {
  const { summary, scheme } = run;
  const title = `${summary.model} on ${summary.dataset}, ${plural(summary.clients.length, 'client')}: ${scheme.title}`;
  const name = summary.run_directory.split(/[\\/]/).slice(-2).join('/');
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
      <body>
        <header>
          <p class="quiet">bloom-split, run ${name}</p>
          <h1>${title}</h1>
          <p>${scheme.story}</p>
          <dl class="numbers">
            ${headline(run).map(
              ([subject, text]) =>
                html`<div>
                  <dt>${subject}</dt>
                  <dd>${text}</dd>
                </div>`,
            )}
          </dl>
        </header>
        <main>
          <h2>What ran</h2>
          ${factList(whatRan(run))}
          <h2>Results by client</h2>
          <p class="quiet">${scheme.clientTests}</p>
          ${clientTable(run)}
          <details>
            <summary>Scores by class, of the final head and tail</summary>
            ${classTable(run)}
          </details>
          <h2>What it cost</h2>
          ${costSection(run)}
          <h2>Plots</h2>
          ${plots.map(figure)}
          <h2>Options that differ from the defaults</h2>
          ${optionTable(run)}
          <h2>Notes</h2>
          ${noteList([...leftOut(run), ...new Set([...run.evaluations.notes, ...notes])])}
          <h2>Versions and devices</h2>
          ${factList(machine(run))}
          <h2>Files</h2>
          <dl class="facts">
            ${files.map(
              ([path, text]) =>
                html`<dt><a href="${path}">${path}</a></dt>
                  <dd>${text}</dd>`,
            )}
          </dl>
        </main>
      </body>
    </html> `.source;
}

function factList(facts: readonly Fact[]): Html {
  return html`<dl class="facts">
    ${facts.map(
      ([subject, text]) =>
        html`<dt>${subject}</dt>
          <dd>${text}</dd>`,
    )}
  </dl>`;
}

export function figure({ name, title, caption, svg }: Plot): Html {
  const labelled = svg.replace(
    '<svg ',
    `<svg role="img" aria-labelledby="${name}-title" aria-describedby="${name}-text" `,
  );
  return html`<figure>
    <h3 id="${name}-title">${title}</h3>
    <figcaption id="${name}-text">${caption}</figcaption>
    <div class="plot">${new Html(labelled)}</div>
  </figure> `;
}

function noteList(notes: readonly string[]): Html {
  if (notes.length === 0) return html`<p>Nothing is left out.</p>`;
  return html`<ul>
    ${notes.map((note) => html`<li>${note}</li>`)}
  </ul>`;
}

function leftOut({ summary }: RunRecord): readonly string[] {
  const { rows_left_out: rows, why_left_out: why, skipped_visits: visits } = summary;
  return [
    ...(rows === 0 ? [] : [`${plural(rows, 'training row')} went to no client: ${why}`]),
    ...(visits.length === 0 ? [] : [`Visits that were skipped (client@round): ${visits.join(', ')}.`]),
  ];
}
