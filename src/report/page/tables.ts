import type { RunRecord } from '../plots/run_record.js';
import { html, type Html } from './html.js';
import { count, score } from './numbers.js';

/** The test at the end of each client's last visit, and of the final head and tail. */
export function clientTable({ summary, evaluations }: RunRecord): Html {
  const counts = evaluations.class_counts;
  const classesOf = (client: number) =>
    counts === null ? '\u2013' : String(counts[client].filter((rows) => rows > 0).length);
  return table(
    ['client', 'training rows', 'classes', 'test accuracy', 'weighted F1', 'test loss'],
    [
      ...summary.clients.map(({ client, rows, accuracy, weighted_f1, loss }) => ({
        head: `client ${client}${accuracy === null ? ' (not tested)' : ''}`,
        numbers: [count(rows), classesOf(client), score(accuracy), score(weighted_f1), score(loss)],
      })),
      {
        head: 'final head and tail',
        numbers: ['', '', score(summary.accuracy), score(summary.weighted_f1), score(summary.loss)],
        isAll: true,
      },
    ],
  );
}

/** Scores of the final head and tail by class. */
export function classTable({ evaluations }: RunRecord): Html {
  const { class_names: names, overall } = evaluations;
  return table(
    ['class', 'test rows', 'precision', 'recall', 'F1', 'average precision'],
    overall.classes.map(({ class: label, support, precision, recall, f1, average_precision }) => ({
      head: names[label],
      numbers: [count(support), score(precision), score(recall), score(f1), score(average_precision)],
    })),
  );
}

export interface Row {
  readonly head: string;
  readonly numbers: readonly string[];
  readonly isAll?: boolean;
}

/** A first column of names, the others numbers. */
export function table([first, ...others]: readonly string[], rows: readonly Row[]): Html {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">${first}</th>
          ${others.map((name) => html`<th scope="col" class="number">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ head, numbers, isAll = false }) =>
            html`<tr class="${isAll ? 'all' : ''}">
              <th scope="row">${head}</th>
              ${numbers.map((number) => html`<td class="number">${number}</td>`)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

/** What was asked for and is not the default. */
export function optionTable({ options }: Pick<RunRecord, 'options'>): Html {
  const changed = options.filter(({ isChanged }) => isChanged);
  if (changed.length === 0) return html`<p>None: every option has its default.</p>`;
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">option</th>
          <th scope="col">value</th>
          <th scope="col">default</th>
        </tr>
      </thead>
      <tbody>
        ${changed.map(
          (option) =>
            html`<tr>
              <th scope="row"><code>${option.name}</code></th>
              <td><code>${option.value}</code></td>
              <td><code>${option.default}</code></td>
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}
