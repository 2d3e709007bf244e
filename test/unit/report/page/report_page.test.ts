import { expect } from 'chai';
import { reportPage, type ReportParts } from '../../../../src/report/page/report_page.js';
import { styleSheet } from '../../../../src/report/page/style.js';
import { drawPlots } from '../../../../src/report/plots/draw_plots.js';
import { madeRun } from '../../../support/plots_run.js';

const voidElements = new Set(['meta', 'br', 'hr', 'link', 'img', 'input']);

describe('reportPage', () => {
  let parts: ReportParts;
  let page: string;
  before(async () => {
    const run = madeRun({ numClients: 3, numClasses: 4, numRounds: 2 });
    const files = [['metrics.jsonl', 'every step']] as const;
    parts = { run, ...(await drawPlots(run)), files, styleSheet: await styleSheet() };
    page = reportPage(parts);
  });

  it('opens and closes every element', () => {
    const open: string[] = [];
    for (const [, slash, name, rest] of page.matchAll(/<(\/?)([a-zA-Z][\w-]*)([^>]*)>/g)) {
      if (slash) expect(open.pop()).to.equal(name);
      else if (!rest.endsWith('/') && !voidElements.has(name)) open.push(name);
    }
    expect(open).to.deep.equal([]);
  });

  it('asks nothing of the network, and runs no script', () => {
    const addresses = [...page.matchAll(/(?:src|href|action|url)\s*[=(]\s*["']?([^"')\s]+)/g)].map(
      ([, to]) => to,
    );
    expect(addresses).to.include('metrics.jsonl');
    for (const to of addresses) expect(to).to.match(/^(data:font\/ttf;base64,|#|[\w./]+$)/);
    expect(page).not.to.match(/<script|<iframe|<object|<link|@import|\son\w+=/);
  });

  it('has every id once, and names each picture with a title and a caption', () => {
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).to.equal(ids.length);
    const pictures = [
      ...page.matchAll(/<svg role="img" aria-labelledby="([^"]*)" aria-describedby="([^"]*)"/g),
    ];
    expect(pictures).to.have.length(parts.plots.length);
    expect(page.match(/<svg/g)).to.have.length(parts.plots.length);
    for (const [, title, caption] of pictures) expect(ids).to.include.members([title, caption]);
  });

  it('has one heading, then sections', () => {
    expect(headings('h1')).to.deep.equal(['lenet on mnist, 3 clients: sequential split learning']);
    expect(headings('h2')).to.deep.equal([
      'What ran',
      'Results by client',
      'What it cost',
      'Plots',
      'Options that differ from the defaults',
      'Notes',
      'Versions and devices',
      'Files',
    ]);
    expect(headings('h3')).to.deep.equal(parts.plots.map(({ title }) => title));
    expect(page)
      .to.match(/<html lang="en">/)
      .and.match(/<title>lenet on mnist, .*2026-01-02\/03-04-05/);
  });

  it('has a line a client, and one of all', () => {
    const { run } = parts;
    const clients = run.summary.clients.with(1, {
      ...run.summary.clients[1],
      accuracy: null,
      weighted_f1: null,
      loss: null,
    });
    const summary = { ...run.summary, clients };
    const rows = rowsUnder('Results by client', reportPage({ ...parts, run: { ...run, summary } }));
    expect(rows.slice(0, 4)).to.deep.equal([
      ['client 0', '128', '4', '0.7000', '0.6900', '0.3000'],
      ['client 1 (not tested)', '128', '4', '\u2013', '\u2013', '\u2013'],
      ['client 2', '128', '4', '0.9000', '0.8900', '0.1000'],
      ['final head and tail', '', '', '0.9000', '0.8900', '0.1000'],
    ]);
    // And one a class.
    expect(rows).to.have.length(8);
  });

  it('tells what each client sent and computed, of all, of the server, and by kind', () => {
    const rows = rowsUnder('What it cost', page);
    // 8 batches: 8 x 1,060 bytes up and 8 x 1,000 down, 64 of header each; a head of 10,000 bytes to another client.
    const numbers = ['9.0 kB', '8.5 kB', '10.1 kB', '17', '9', '1.0 s', '0.7 s'];
    expect(rows.slice(0, 5)).to.deep.equal([
      ...[0, 1, 2].map((client) => [`client ${client}`, ...numbers]),
      ['all clients', '27.0 kB', '25.5 kB', '30.2 kB', '51', '27', '3.0 s', '2.0 s'],
      ['server', '', '', '', '', '', '1.0 s', '4.0 s'],
    ]);
    expect(rows.slice(5)).to.have.length(8);
    expect(rows[5]).to.deep.equal(['activations up', '24', '25.5 kB', '24,000']);
    expect(section('What it cost', page)).not.to.include('trained again');
  });

  it('folds up the costs of many clients', () => {
    const costsOf = (numClients: number) =>
      section('What it cost', reportPage({ ...parts, run: madeRun({ numClients, numClasses: 4 }) }));
    expect(costsOf(20)).not.to.include('Each of');
    const [shown, folded] = costsOf(21).split('<summary>Each of 21 clients</summary>');
    expect(shown).to.include('all clients').and.not.include('client 20');
    expect(folded).to.include('client 20');
  });

  it('says what was sent again after the loss of a client', () => {
    const { run } = parts;
    const summary = { ...run.summary, repeated_bytes: 2_500_000 };
    expect(section('What it cost', reportPage({ ...parts, run: { ...run, summary } }))).to.include(
      'Not in it: 2.5 MB for batches that were trained again after the loss of a client.',
    );
  });

  it('shows the options that differ, with their defaults', () => {
    expect(rowsUnder('Options that differ from the defaults', page)).to.deep.equal([
      ['n_epochs', '3', '5'],
      ['n_workers', '2', '4'],
      ['optimizer.tail.name', 'adam', 'sgd'],
      ['optimizer.tail.lr', '0.001', '0.01'],
    ]);
    expect(reportPage({ ...parts, run: { ...parts.run, options: [] } })).to.include(
      'None: every option has its default.',
    );
  });

  it('says what is left out, each thing once', () => {
    const { run } = parts;
    const changed = {
      ...run,
      evaluations: { ...run.evaluations, notes: ['No counts.'] },
      summary: {
        ...run.summary,
        rows_left_out: 1200,
        why_left_out: 'too few of a class.',
        skipped_visits: ['1@0', '0@2'],
      },
    };
    const noted = reportPage({ ...parts, run: changed, notes: ['No counts.', 'No rounds.'] });
    const notes = [...section('Notes', noted).matchAll(/<li>([^<]*)<\/li>/g)].map(([, text]) => text);
    expect(notes).to.deep.equal([
      '1,200 training rows went to no client: too few of a class.',
      'Visits that were skipped (client@round): 1@0, 0@2.',
      'No counts.',
      'No rounds.',
    ]);
    expect(section('Notes', page)).to.include('Nothing is left out.');
  });

  it('escapes what a run brings along', async () => {
    const evil = '<script>alert("1")</script>';
    const { run } = parts;
    const evilRun = {
      ...run,
      summary: {
        ...run.summary,
        run_directory: `/runs/${evil}`,
        dataset: evil,
        model: evil,
        versions: { [evil]: evil },
        devices: { tail: evil, threads: [evil] },
        rows_left_out: 1,
        why_left_out: evil,
      },
      evaluations: {
        ...run.evaluations,
        class_names: run.evaluations.class_names.map(() => evil),
        notes: [evil],
      },
      options: [{ name: evil, value: evil, default: '', isChanged: true }],
    };
    const shown = reportPage({ ...parts, ...(await drawPlots(evilRun)), run: evilRun });
    expect(shown).not.to.match(/<\/?script/);
    expect(shown).to.include('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;');
  });

  it('is the same for the same run, and not large', () => {
    expect(reportPage(parts)).to.equal(page);
    expect(page.length).to.be.below(1_500_000);
  });

  function headings(level: string): readonly string[] {
    return [...page.matchAll(new RegExp(`<${level}[^>]*>([^<]*)</${level}>`, 'g'))].map(([, text]) => text);
  }
});

/** What stands between a heading and the next one of its kind. */
function section(heading: string, page: string): string {
  return page.split('<h2>').find((part) => part.startsWith(`${heading}</h2>`)) ?? '';
}

/** The texts of the rows of the tables of a section, which must name what rows and columns are. */
function rowsUnder(heading: string, page: string): readonly (readonly string[])[] {
  const content = section(heading, page);
  expect(content).to.include('<th scope="col"').and.include('<th scope="row"');
  const bodies = [...content.matchAll(/<tbody>(.*?)<\/tbody>/gs)].map(([, body]) => body);
  return bodies.flatMap((body) =>
    [...body.matchAll(/<tr[^>]*>(.*?)<\/tr>/gs)].map(([, row]) =>
      [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell]) =>
        cell.replace(/<[^>]*>/g, '').trim(),
      ),
    ),
  );
}
