import { keys } from './keys.js';

/** The table of all options in the README, in Markdown. */
export function optionsTable(): string {
  const rows = keys.map(({ name, default: value, format, doc, envNames, flagNames, isSensitive }) => [
    `\`${name}\``,
    value === '' ? '' : `\`${String(value)}\``,
    `${doc} Takes ${format.expected}.${isSensitive ? ' Never written anywhere.' : ''}`,
    [...envNames.slice(1), ...flagNames.slice(1).map((flag) => `--${flag}`)]
      .map((each) => `\`${each}\``)
      .join(' '),
  ]);
  const table = [['key', 'default', 'meaning', 'also'], ['---', '---', '---', '---'], ...rows];
  return table.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
