import { resolve } from 'node:path';

/** Which values a key takes, and how they are read. */
export interface Format {
  /** Completes "expected ...". */
  readonly expected: string;
  isValid(value: unknown): boolean;
  /** An invalid value is not shown: it may hold a password. */
  readonly isHidden?: boolean;
  /** The value as it is kept; only of a valid one. */
  normalise?(value: unknown): unknown;
  /** The value that a text from a flag or the environment stands for, valid or not. */
  fromText(text: string): unknown;
}

/** Numbers as people write them; anything else stays text, which no number format takes. */
const numberFromText = (text: string): unknown =>
  /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : text;
const asIs = (text: string): unknown => text;

export function integer(min: number, max = Number.MAX_SAFE_INTEGER): Format {
  return {
    expected:
      max === Number.MAX_SAFE_INTEGER ? `an integer of ${min} or more` : `an integer from ${min} to ${max}`,
    isValid: (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
    fromText: numberFromText,
  };
}

/** A number in [min, below). */
export function real(min: number, below = Infinity): Format {
  return {
    expected:
      below === Infinity
        ? `a number of ${min} or more`
        : `a number from ${min} up to, not including, ${below}`,
    isValid: (value) => typeof value === 'number' && value >= min && value < below,
    fromText: numberFromText,
  };
}

export function positive(): Format {
  return {
    expected: 'a number above 0',
    isValid: (value) => typeof value === 'number' && value > 0 && Number.isFinite(value),
    fromText: numberFromText,
  };
}

/** A share of a whole, which is not nothing. */
export const fraction: Format = {
  expected: 'a number above 0, at most 1',
  isValid: (value) => typeof value === 'number' && value > 0 && value <= 1,
  fromText: numberFromText,
};

export function oneOf(choices: readonly string[]): Format {
  return {
    expected: choices.length === 1 ? `"${choices[0]}"` : `one of ${choices.join(', ')}`,
    isValid: (value) => choices.includes(value as string),
    fromText: asIs,
  };
}

export function autoOr(format: Format): Format {
  return {
    expected: `"auto" or ${format.expected}`,
    isValid: (value) => value === 'auto' || format.isValid(value),
    fromText: (text) => (text === 'auto' ? text : format.fromText(text)),
  };
}

/** A layer's name, or the number of layers in the head, in YAML also as a number. */
export const layer: Format = {
  expected: 'the name of a layer, the number of layers in the head, or "default"',
  isValid: (value) => (typeof value === 'string' && value !== '') || Number.isInteger(value),
  normalise: String,
  fromText: asIs,
};

export const text: Format = {
  expected: 'text',
  isValid: (value) => typeof value === 'string',
  fromText: asIs,
};

export const nonEmptyText: Format = {
  expected: 'text that is not empty',
  isValid: (value) => typeof value === 'string' && value !== '',
  fromText: asIs,
};

export const boolean: Format = {
  expected: 'true or false',
  isValid: (value) => typeof value === 'boolean',
  fromText: (text) => (text === 'true' ? true : text === 'false' ? false : text),
};

/** A folder, kept as an absolute path, so that a recorded configuration means the same from anywhere; empty stays empty. */
export const folder: Format = {
  expected: 'a folder',
  isValid: (value) => typeof value === 'string',
  normalise: (value) => (value === '' ? '' : resolve(value as string)),
  fromText: asIs,
};

/** The same of a file. */
export const file: Format = { ...folder, expected: 'a file' };

/** Comma-separated items, each of this form; kept without spaces. */
export function listOf(item: RegExp, form: string): Format {
  const itemsOf = (text: string) =>
    text
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '');
  return {
    expected: `a comma-separated list of ${form}, or nothing`,
    isValid: (value) => typeof value === 'string' && itemsOf(value).every((each) => item.test(each)),
    normalise: (value) => itemsOf(value as string).join(','),
    fromText: asIs,
  };
}

/** Of a NATS server, or of several of a cluster; whoever comes there proves with a key file who he is. */
export const brokerAddress: Format = {
  expected: 'addresses such as nats://host:4222, comma-separated, without user name or password, or nothing',
  isValid: (value) => typeof value === 'string' && (value === '' || value.split(',').every(isBroker)),
  isHidden: true,
  fromText: asIs,
};

function isBroker(address: string): boolean {
  if (!/^(nats|tls):\/\//.test(address) || !URL.canParse(address)) return false;
  const { username, password } = new URL(address);
  return username === '' && password === '';
}

/** Of a server. A user name or password in it would be written to the run's files. */
export const address: Format = {
  expected: 'an address such as https://api.wandb.ai, without user name or password',
  isValid: (value) => {
    if (typeof value !== 'string' || !/^https?:\/\//.test(value) || !URL.canParse(value)) return false;
    const { username, password } = new URL(value);
    return username === '' && password === '';
  },
  isHidden: true,
  fromText: asIs,
};

/** The same, or nothing. */
export const optionalAddress: Format = {
  ...address,
  expected: 'an address without user name or password, or nothing',
  isValid: (value) => value === '' || address.isValid(value),
};
