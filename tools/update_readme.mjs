// Writes the table of options into README.md, between its two markers. Run by `make format`; a test checks the result.
import { readFileSync, writeFileSync } from 'node:fs';
import { optionsTable } from '../dist/config/options_table.js';

const readme = readFileSync('README.md', 'utf8');
const table = /(<!-- options -->\n)[^]*?(\n<!-- \/options -->)/;
writeFileSync(
  'README.md',
  readme.replace(table, (_, begin, end) => `${begin}\n${optionsTable()}\n${end}`),
);
