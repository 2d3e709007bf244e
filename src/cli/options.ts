import { Option, type Command } from 'commander';
import { keys, type Key } from '../config/keys.js';
import type { ConfigSources } from '../config/load.js';

/** Gives a command one flag for every key of the configuration, `--config`, and the hidden list of make's variables. */
export function addConfigOptions(command: Command): Command {
  command.option(
    '--config <file>',
    'YAML file over config/base.yaml; the .hydra/config.yaml of a run repeats it',
  );
  for (const key of keys) {
    for (const [index, flag] of key.flagNames.entries()) {
      const doc = index === 0 ? describe(key) : `The same as --${key.flagNames[0]}.`;
      // Collected, so that a flag given twice with different values is noticed.
      const collect = (value: string, previous: readonly string[] | undefined) => [
        ...(previous ?? []),
        value,
      ];
      command.addOption(new Option(`--${flag} <value>`, doc).argParser(collect));
    }
  }
  return command.addOption(new Option('--make-variables <names>').hideHelp());
}

/** What the user gave a command, for `loadConfig`. */
export function configSources(command: Command): ConfigSources {
  const flags = new Map<string, readonly string[]>();
  let file: string | undefined;
  let makeNames: readonly string[] = [];
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName());
    if (value === undefined) continue;
    if (option.long === '--config') file = value as string;
    else if (option.long === '--make-variables') makeNames = (value as string).split(' ').filter(Boolean);
    else if (isKey(option.name())) flags.set(option.name(), value as string[]);
  }
  return { file, flags, makeNames };
}

function isKey(flag: string): boolean {
  return keys.some(({ flagNames }) => flagNames.includes(flag));
}

function describe({ doc, format, envNames, default: value, name }: Key): string {
  const shown = value === '' ? 'empty' : String(value);
  return `${doc} ${format.expected}; default ${shown}. Key ${name}; environment ${envNames.join(', ')}.`;
}
