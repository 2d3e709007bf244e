import { closeSync, openSync } from 'node:fs';
import { openJson, type JsonCursor } from './json_cursor.js';
import { isLabel, PIXELS, type RowBlock } from './rows.js';

/**
 * Reads a JSON file of LEAF, user by user: {"users": [name, ...], "num_samples": [n, ...], "user_data": {name: {"x": [[784 numbers
 * from 0 (ink) to 1 (paper)], ...], "y": [label, ...]}}}. Pictures become bytes, round(255 x). Throws DataError where the file is
 * another, lacks something or contradicts itself; that is known only at its end.
 */
export function* readLeaf(path: string): Generator<RowBlock> {
  const file = openSync(path, 'r');
  try {
    yield* readUsers(openJson(file, path));
  } finally {
    closeSync(file);
  }
}

function* readUsers(json: JsonCursor): Generator<RowBlock> {
  let users: string[] | undefined;
  let numSamples: number[] | undefined;
  let numRowsOf: Map<string, number> | undefined;
  for (const key of json.members()) {
    if (key === 'users' && !users) users = readList(json, () => json.string());
    else if (key === 'num_samples' && !numSamples) numSamples = readList(json, () => json.number());
    else if (key === 'user_data' && !numRowsOf)
      yield* readUserData(json, (numRowsOf = new Map<string, number>()));
    else
      throw json.fail(
        `it has ${JSON.stringify(key)} where only one "users", "num_samples" and "user_data" should be`,
      );
  }
  json.expectEnd();
  if (!users || !numSamples || !numRowsOf) throw json.fail('it lacks "users", "num_samples" or "user_data"');
  checkCounts(json, users, numSamples, numRowsOf);
}

function* readUserData(json: JsonCursor, numRowsOf: Map<string, number>): Generator<RowBlock> {
  let numBytes = 0;
  for (const user of json.members()) {
    if (numRowsOf.has(user)) throw json.fail(`it has user ${JSON.stringify(user)} twice`);
    const { labels, pictures } = readUser(json, user);
    numRowsOf.set(user, labels.length);
    const writers = new Array<string>(labels.length).fill(user);
    yield { labels, pictures, writers, numBytes: json.numBytes() - numBytes };
    numBytes = json.numBytes();
  }
}

function checkCounts(
  json: JsonCursor,
  users: readonly string[],
  numSamples: readonly number[],
  numRowsOf: ReadonlyMap<string, number>,
): void {
  const numUsers = new Set(users).size;
  if (users.length !== numUsers || numSamples.length !== numUsers || numRowsOf.size !== numUsers)
    throw json.fail(
      `it lists ${users.length} users, ${numUsers} of them different, with ${numSamples.length} numbers of samples, and has data ` +
        `of ${numRowsOf.size}`,
    );
  users.forEach((user, at) => {
    const numRows = numRowsOf.get(user) ?? 0;
    if (numRows !== numSamples[at])
      throw json.fail(`user ${JSON.stringify(user)} should have ${numSamples[at]} rows and has ${numRows}`);
  });
}

function readUser(json: JsonCursor, user: string): Pick<RowBlock, 'labels' | 'pictures'> {
  const place = `user ${JSON.stringify(user)}`;
  let pictures: Uint8Array | undefined;
  let labels: Uint8Array | undefined;
  for (const key of json.members()) {
    if (key === 'x' && !pictures) pictures = readPictures(json, place);
    else if (key === 'y' && !labels) labels = readLabels(json, place);
    else throw json.fail(`${place} has ${JSON.stringify(key)} where only one "x" and one "y" should be`);
  }
  if (!pictures || !labels) throw json.fail(`${place} has no "${pictures ? 'y' : 'x'}"`);
  if (pictures.length !== labels.length * PIXELS)
    throw json.fail(`${place} has ${pictures.length / PIXELS} pictures and ${labels.length} labels`);
  return { pictures, labels };
}

function readLabels(json: JsonCursor, place: string): Uint8Array {
  const labels = readList(json, (row) => {
    const label = json.number();
    if (!isLabel(label)) throw json.fail(`${place}, row ${row} has label ${label}, not 0 to 61`);
    return label;
  });
  return Uint8Array.from(labels);
}

function readList<Value>(json: JsonCursor, read: (position: number) => Value): Value[] {
  const values: Value[] = [];
  for (const position of json.elements()) values.push(read(position));
  return values;
}

function readPictures(json: JsonCursor, place: string): Uint8Array {
  let pictures = new Uint8Array(64 * PIXELS);
  let numRows = 0;
  for (const row of json.elements()) {
    if ((row + 1) * PIXELS > pictures.length) {
      const longer = new Uint8Array(2 * pictures.length);
      longer.set(pictures);
      pictures = longer;
    }
    readPicture(json, pictures, row * PIXELS, `${place}, row ${row}`);
    numRows = row + 1;
  }
  return pictures.subarray(0, numRows * PIXELS);
}

function readPicture(json: JsonCursor, pictures: Uint8Array, offset: number, place: string): void {
  json.expect('[');
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    if (pixel > 0 && !json.take(',')) throw json.fail(`${place} has ${pixel} values instead of ${PIXELS}`);
    const value = json.number();
    if (!(value >= 0 && value <= 1)) throw json.fail(`${place} has the value ${value}, not 0 to 1`);
    pictures[offset + pixel] = Math.round(value * 255);
  }
  if (!json.take(']')) throw json.fail(`${place} has more than ${PIXELS} values`);
}
