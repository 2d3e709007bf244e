/** Pieces of a secret that must not be shown, in lower case. */
export type Secrets = readonly string[];

const PIECE_LENGTH = 8;
const LONGEST_SHOWN = 200;

/** An API key as it is, in an address, and in an Authorization header, in pieces: a server may shorten what it repeats. */
export function secretsOf(key: string): Secrets {
  const encoded = [`api:${key}`, key].map((text) => Buffer.from(text).toString('base64').replace(/=+$/, ''));
  return [key, encodeURIComponent(key), ...encoded].flatMap((form) => piecesOf(form.toLowerCase()));
}

function piecesOf(text: string): readonly string[] {
  const numPieces = Math.max(text.length - PIECE_LENGTH, 0) + 1;
  return Array.from({ length: numPieces }, (_, begin) => text.slice(begin, begin + PIECE_LENGTH));
}

/** What a server said of an error, as ` (it says: "...")`; nothing where there is nothing, or where it repeats the key. */
export function saidIn(text: string, secrets: Secrets): string {
  const said = messageIn(text).replace(/[^\P{C} ]+/gu, ' ');
  if (said === '' || repeats(text, secrets) || repeats(said, secrets)) return '';
  return ` (it says: "${said.slice(0, LONGEST_SHOWN)}")`;
}

/** Whether a text holds a piece of the key. */
export function repeats(text: string, secrets: Secrets): boolean {
  const lower = text.toLowerCase();
  return secrets.some((piece) => lower.includes(piece));
}

/** The message in an error's JSON, in any of the forms that W&B's servers use. */
function messageIn(text: string): string {
  try {
    const content = JSON.parse(text) as {
      errors?: { message?: unknown }[];
      error?: unknown;
      message?: unknown;
    } | null;
    const message = content?.errors?.[0]?.message ?? content?.error ?? content?.message;
    return typeof message === 'string' ? message : '';
  } catch {
    return '';
  }
}
