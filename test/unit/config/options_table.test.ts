import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { keys } from '../../../src/config/keys.js';
import { optionsTable } from '../../../src/config/options_table.js';

describe('the table of options', () => {
  it('stands in README.md as it follows from the schema (else: make format)', () => {
    const [, inReadme] =
      /<!-- options -->\n\n([^]*?)\n\n?<!-- \/options -->/.exec(readFileSync('README.md', 'utf8')) ?? [];
    expect(inReadme).to.equal(optionsTable());
  });

  it('has a row for every key, with its default and its other names', () => {
    const rows = optionsTable().split('\n').slice(2);
    expect(rows).to.have.length(keys.length);
    expect(rows.find((row) => row.startsWith('| `n_workers` |'))).to.match(
      /\| `4` \|.*`WORKERS` `--num-workers` \|$/,
    );
    expect(rows.find((row) => row.startsWith('| `wandb.key` |'))).to.match(
      /Never written anywhere\. \| `WANDB_API_KEY`/,
    );
  });
});
