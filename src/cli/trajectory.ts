import { isDeepStrictEqual } from 'node:util';
import { DataError } from '../core/errors.js';
import { readRequiredFile } from '../core/files.js';
import { decodeSafetensors, type StoredTensor } from '../core/safetensors.js';
import { sameShape, type Shape } from '../core/shapes.js';
import { toShared, type Dataset } from '../data/dataset.js';
import type { OptimizerOptions } from '../engine/optimizer.js';
import type { Handoff } from '../link/messages.js';
import { outputShape, parametersOf } from '../models/layers.js';
import { splitNetwork, type Network, type SplitNetwork } from '../models/network.js';
import { modelNames, models, type ModelName } from '../models/registry.js';

/** Labels are kept in a byte. */
const MAX_CLASSES = 256;

/** A training recorded elsewhere: what went in, and what came out. */
export interface RecordedTrajectory {
  readonly dataset: Dataset;
  readonly network: Network;
  readonly split: SplitNetwork;
  readonly optimizer: OptimizerOptions;
  readonly handoff: Handoff;
  readonly batchSize: number;
  readonly numClients: number;
  readonly numRounds: number;
  /** One a batch. */
  readonly losses: readonly number[];
  /** `init.head.*`, `final.tail.*`, `first.activations`, ... */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly tensorFile: string;
}

/** Reads PREFIX.json and PREFIX.safetensors. Throws DataError where they are damaged, or not what this program can replay. */
export async function readTrajectory(prefix: string): Promise<RecordedTrajectory> {
  const jsonFile = `${prefix}.json`;
  const tensorFile = `${prefix}.safetensors`;
  const what = 'one half of a trajectory: PREFIX.json and PREFIX.safetensors';
  const text = new TextDecoder().decode(await readRequiredFile(jsonFile, what));
  const tensors = decodeSafetensors(await readRequiredFile(tensorFile, what), tensorFile);
  const fields = new Fields(text, jsonFile);

  const modelName = fields.oneOf<ModelName>('model', modelNames);
  const picture = fields.sizes('input_shape');
  const batchSize = fields.size('batch_size');
  const numClients = fields.size('workers');
  const numRounds = fields.size('rounds');
  const stepsPerVisit = fields.size('steps_per_visit');
  const numRows = numClients * stepsPerVisit * batchSize;
  const numClasses = fields.size('classes');
  if (numClasses > MAX_CLASSES) throw fields.wrong('classes', `is ${numClasses}, more than ${MAX_CLASSES}`);
  const dataset = datasetOf(tensors, picture, numClasses, numRows, tensorFile);
  const network = models[modelName](dataset.shape);
  fields.require('pad_raw_zero', network.padding);
  // Before anything as long is made of what the file says.
  const losses = fields.numbers('losses');
  if (losses.length !== numRounds * numClients * stepsPerVisit)
    throw fields.wrong(
      'losses',
      `has ${losses.length} entries for ${numRounds * numClients * stepsPerVisit} batches`,
    );
  fields.require('order_round_worker_firstrow', ringOrder(numRounds, numClients, stepsPerVisit, batchSize));
  return {
    dataset,
    network,
    split: splitOf(network, tensors, tensorFile),
    optimizer: optimizerOf(fields),
    handoff: fields.flag('handoff_optimizer') ? 'weights_and_optimizer' : 'weights',
    batchSize,
    numClients,
    numRounds,
    losses,
    tensors,
    tensorFile,
  };
}

/** A tensor of a trajectory that must be there as float32. */
export function recordedFloats(
  { tensors, tensorFile }: RecordedTrajectory,
  name: string,
): Float32Array<ArrayBuffer> {
  const data = tensors.get(name)?.data;
  if (!(data instanceof Float32Array)) throw damaged(tensorFile, `it has no float32 tensor "${name}"`);
  return data;
}

/** [round, worker, first row] of every batch: each worker's rows follow the one's before, trained in order. */
function ringOrder(
  numRounds: number,
  numClients: number,
  stepsPerVisit: number,
  batchSize: number,
): number[][] {
  const order: number[][] = [];
  for (let round = 0; round < numRounds; round++)
    for (let batch = 0; batch < numClients * stepsPerVisit; batch++)
      order.push([round, Math.floor(batch / stepsPerVisit), batch * batchSize]);
  return order;
}

function datasetOf(
  tensors: ReadonlyMap<string, StoredTensor>,
  picture: Shape,
  numClasses: number,
  numRows: number,
  source: string,
): Dataset {
  const images = tensors.get('images');
  const labels = tensors.get('labels');
  if (!(images?.data instanceof Uint8Array) || !sameShape(images.shape, [numRows, ...picture]))
    throw damaged(source, `"images" is not uint8 ${[numRows, ...picture].join('x')}`);
  if (!(labels?.data instanceof Int32Array) || !sameShape(labels.shape, [numRows]))
    throw damaged(source, `"labels" is not int32 ${numRows}`);
  if (labels.data.some((label) => label < 0 || label >= numClasses))
    throw damaged(source, `"labels" has a label that is not 0 to ${numClasses - 1}`);
  const rows = { numRows, pictures: toShared(images.data), labels: toShared(Uint8Array.from(labels.data)) };
  const shape = { picture, numClasses };
  return {
    name: 'trajectory',
    shape,
    classNames: Array.from({ length: numClasses }, (_, label) => String(label)),
    background: 0,
    train: rows,
    test: rows,
    folder: source,
    isVerified: true,
  };
}

/** The cut is where the recorded head's parameters end and its activations have the recorded shape. */
function splitOf(network: Network, tensors: ReadonlyMap<string, StoredTensor>, source: string): SplitNetwork {
  const prefix = 'init.head.';
  const recorded = [...tensors.keys()].filter((name) => name.startsWith(prefix)).sort();
  const [, ...cutShape] = tensors.get('first.activations')?.shape ?? [];
  for (let cut = network.layers.length - 1; cut > 0; cut--) {
    const head = network.layers.slice(0, cut);
    const names = parametersOf(head).map(({ name }) => prefix + name);
    if (
      String(names.sort()) === String(recorded) &&
      sameShape(outputShape(head, network.inputShape), cutShape)
    )
      return splitNetwork(network, String(cut));
  }
  throw damaged(source, `its head does not end at any cut of "${network.model}"`);
}

function optimizerOf(fields: Fields): OptimizerOptions {
  const name = fields.oneOf('optimizer', ['sgd', 'adam'] as const);
  const hyper = fields.object('hyperparameters');
  const lr = hyper.number('lr');
  const weightDecay = hyper.number('weight_decay');
  if (name === 'sgd') return { name, lr, momentum: hyper.number('momentum'), weightDecay };
  const betas = hyper.numbers('betas');
  if (betas.length !== 2) throw hyper.wrong('betas', `has ${betas.length} entries instead of 2`);
  const [beta1, beta2] = betas;
  return { name, lr, beta1, beta2, epsilon: hyper.number('eps'), weightDecay };
}

/** Reads a JSON object field by field; whatever is not as it should be becomes one clear error. */
class Fields {
  readonly #source: string;
  readonly #content: Readonly<Record<string, unknown>>;

  constructor(content: string | object, source: string) {
    this.#source = source;
    this.#content = (typeof content === 'string' ? parseObject(content, source) : content) as Record<
      string,
      unknown
    >;
  }

  wrong(name: string, why: string): DataError {
    return damaged(this.#source, `"${name}" ${why}`);
  }

  number(name: string): number {
    return this.#value(name, (value): value is number => typeof value === 'number', 'a number');
  }

  size(name: string): number {
    return this.#value(
      name,
      (value): value is number => Number.isSafeInteger(value) && (value as number) > 0,
      'a positive integer',
    );
  }

  flag(name: string): boolean {
    return this.#value(name, (value) => typeof value === 'boolean', 'true or false');
  }

  numbers(name: string): readonly number[] {
    const isNumbers = (value: unknown): value is number[] =>
      Array.isArray(value) && value.every((entry) => typeof entry === 'number');
    return this.#value(name, isNumbers, 'a list of numbers');
  }

  sizes(name: string): readonly number[] {
    const sizes = this.numbers(name);
    if (sizes.length === 3 && sizes.every((size) => Number.isSafeInteger(size) && size > 0)) return sizes;
    throw this.wrong(name, 'is not [channels, height, width]');
  }

  object(name: string): Fields {
    const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
    return new Fields(this.#value(name, isObject, 'an object'), this.#source);
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T {
    return this.#value(
      name,
      (value): value is T => choices.includes(value as T),
      `one of ${choices.join(', ')}`,
    );
  }

  require(name: string, expected: unknown): void {
    // Stops at the first difference, however deep the file nests.
    if (!isDeepStrictEqual(this.#content[name], expected))
      throw this.wrong(name, 'is not what this program can replay');
  }

  #value<T>(name: string, isValid: (value: unknown) => value is T, expected: string): T {
    const value = Object.hasOwn(this.#content, name) ? this.#content[name] : undefined;
    if (!isValid(value)) throw this.wrong(name, `is not ${expected}`);
    return value;
  }
}

function parseObject(text: string, source: string): object {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw damaged(source, 'it is not JSON', error);
  }
  if (typeof content !== 'object' || content === null) throw damaged(source, 'it is not a JSON object');
  return content;
}

function damaged(source: string, why: string, cause?: unknown): DataError {
  return new DataError(
    'ERR_TRAJECTORY',
    `"${source}" is not half of a trajectory that can be replayed: ${why}. Record it again, or copy it again.`,
    { source },
    { cause },
  );
}
