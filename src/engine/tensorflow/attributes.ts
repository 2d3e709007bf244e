import type { Attribute } from './addon.js';

/** TF_DataType of tensorflow/c/tf_datatype.h. */
export const dataTypes = { float32: 1, int32: 3 } as const;

/** TF_AttrType of tensorflow/c/tf_attrtype.h. */
const kinds = { text: 0, int: 1, flag: 3, type: 4 } as const;

/** An attribute of a kernel: a string, a number or a list of numbers, a truth value, a type of data. */
export const attribute = {
  text: (name: string, value: string): Attribute => ({ name, type: kinds.text, value }),
  int: (name: string, value: number | readonly number[]): Attribute => ({ name, type: kinds.int, value }),
  flag: (name: string, value: boolean): Attribute => ({ name, type: kinds.flag, value }),
  type: (name: string, value: keyof typeof dataTypes): Attribute => ({
    name,
    type: kinds.type,
    value: dataTypes[value],
  }),
};

/** The type of the numbers that most kernels compute with. */
export const ofFloats = attribute.type('T', 'float32');
