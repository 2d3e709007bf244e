import { ProtocolError } from '../../core/errors.js';
import type { DataShape } from '../../core/shapes.js';

/** What a client tells of its rows: never what is in them. */
export interface ClientFacts {
  readonly name: string;
  readonly shape: DataShape;
  readonly classNames: readonly string[];
  readonly background: number;
  readonly isVerified: boolean;
  readonly numTrainRows: number;
  readonly numTestRows: number;
  /** Training rows of this client. */
  readonly shardSize: number;
  readonly numLeftOut: number;
  readonly whyLeftOut: string;
  /** Of a test set that all share. */
  readonly untestedClasses: readonly string[];
  readonly numForgettingRows: number;
  readonly dataSha256: string;
}

const MAX_ROWS = 1_000_000_000;
const MAX_CLASSES = 100_000;
const MAX_TEXT = 10_000;

const isText = (value: unknown) => typeof value === 'string' && value.length <= MAX_TEXT;
const isCount = (value: unknown) =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_ROWS;
const isListOf = (value: unknown, isEntry: (entry: unknown) => boolean) =>
  Array.isArray(value) && value.length <= MAX_CLASSES && [...(value as unknown[])].every(isEntry);

const checks: Readonly<Record<keyof ClientFacts, (value: unknown) => boolean>> = {
  name: isText,
  shape: isShape,
  classNames: (value) => isListOf(value, isText),
  background: (value) => isCount(value) && Number(value) <= 255,
  isVerified: (value) => typeof value === 'boolean',
  numTrainRows: isCount,
  numTestRows: isCount,
  shardSize: isCount,
  numLeftOut: isCount,
  whyLeftOut: isText,
  untestedClasses: (value) => isListOf(value, isText),
  numForgettingRows: isCount,
  dataSha256: (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
};

/** What a client told, whatever that is. Throws ProtocolError where it cannot be meant. */
export function checkedFacts(told: unknown, client: number): ClientFacts {
  const facts = (typeof told === 'object' && told !== null ? told : {}) as Record<keyof ClientFacts, unknown>;
  for (const [name, isGood] of Object.entries(checks)) {
    if (isGood(facts[name as keyof ClientFacts])) continue;
    throw new ProtocolError(
      'ERR_CLIENT_FACTS',
      `Client ${client} told of its rows what cannot be: its ${name} is not of the right kind. All must use the same bloom-split.`,
      { client, name },
    );
  }
  return facts as unknown as ClientFacts;
}

function isShape(value: unknown): boolean {
  const { picture, numClasses } = (value ?? {}) as Partial<DataShape>;
  const isSize = (size: unknown) => isCount(size) && Number(size) >= 1 && Number(size) <= 10_000;
  return isListOf(picture, isSize) && picture?.length === 3 && isSize(numClasses);
}
