import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { ConfigError, messageOf } from '../core/errors.js';

/** What a run's `.hydra/overrides.yaml` says: `key=value` of every option that had not its default. Throws ConfigError. */
export function readOverrides(path: string): readonly string[] {
  const refusal = (problem: string, cause?: unknown) =>
    new ConfigError(
      'ERR_CONFIG_FILE',
      `${problem}. Give a run directory, one that \`train\` made.`,
      { path },
      { cause },
    );
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw refusal(`Cannot read "${path}": ${messageOf(error)}`, error);
  }
  const content = parsed(text);
  if (!isListOfTexts(content)) throw refusal(`"${path}" should be a YAML list of key=value`);
  return content;
}

/** Undefined of what is no YAML. */
function parsed(text: string): unknown {
  try {
    return parse(text, { logLevel: 'error' });
  } catch {
    return undefined;
  }
}

function isListOfTexts(content: unknown): content is string[] {
  return Array.isArray(content) && content.every((entry) => typeof entry === 'string');
}
