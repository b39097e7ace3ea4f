/** Values of a data page, one after the other, into a leaf's store. */
import { BooleanValues } from './boolean-values.ts';
import { BytesValues } from './bytes-values.ts';
import type { LeafNode } from './column-tree.ts';
import { NumberValues } from './number-values.ts';
import { decodeRle } from './rle-decode.ts';

/** Appends the page's next value to the store it was made for. */
export type PushNext = () => void;

/** Reads PLAIN values; with `at` one value can be chosen, by its place in the bytes. */
interface PlainReader {
  /** Appends the value that begins at byte `at`. @returns where the next begins */
  push(at: number): number;
  /** Where the value after the one at byte `at` begins. */
  skip(at: number): number;
}

/** @throws RangeError, as all of these do when they read, where the bytes end too early */
export function plainValues(bytes: Uint8Array, values: LeafNode['values']): PushNext {
  if (values instanceof BooleanValues) {
    let index = 0;
    return () => {
      values.push((((bytes[index >>> 3] as number) >>> (index & 7)) & 1) === 1);
      index++;
    };
  }
  const reader = plainReader(bytes, values);
  let at = 0;
  return () => {
    at = reader.push(at);
  };
}

/** @param page the width of an index, then indexes of the dictionary's `size` PLAIN values. */
export function dictionaryValues(
  page: Uint8Array,
  count: number,
  dictionary: Uint8Array,
  size: number,
  values: LeafNode['values'],
): PushNext {
  if (values instanceof BooleanValues) throw new RangeError('Cannot read booleans from a dictionary: they have none');
  const reader = plainReader(dictionary, values);
  const places = new Int32Array(size);
  for (let i = 0, at = 0; i < size; i++) {
    places[i] = at;
    at = reader.skip(at);
  }
  const indexes = decodeRle(page.subarray(1), page[0] as number, count);
  let next = 0;
  return () => {
    const place = places[indexes[next++] as number];
    if (place === undefined) throw new RangeError('Cannot read a value: its index is outside of the dictionary');
    reader.push(place);
  };
}

function plainReader(bytes: Uint8Array, values: Exclude<LeafNode['values'], BooleanValues>): PlainReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (values instanceof BytesValues) {
    const skip = (at: number): number => at + 4 + view.getUint32(at, true);
    const push = (at: number): number => {
      const end = skip(at);
      if (end > bytes.length || !values.pushBytes(bytes, at + 4, end)) {
        throw new RangeError('Cannot read a value: it is longer than its page, or no UTF-8');
      }
      return end;
    };
    return { push, skip };
  }
  if (!(values instanceof NumberValues)) {
    const { width } = values;
    const push = (at: number): number => {
      if (at + width > bytes.length) throw new RangeError('Cannot read a value: its page ends before it');
      values.push(bytes, at);
      return at + width;
    };
    return { push, skip: (at) => at + width };
  }
  const size = values.width * 4;
  const push =
    values.width === 1
      ? (at: number) => values.pushInt32(view.getInt32(at, true))
      : (at: number) => values.pushInt64(view.getInt32(at, true), view.getInt32(at + 4, true));
  return {
    push: (at) => {
      push(at);
      return at + size;
    },
    skip: (at) => at + size,
  };
}
