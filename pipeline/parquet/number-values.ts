/** The store of every fixed-width number: INT32, INT64, FLOAT and DOUBLE columns. */
import { grownWords } from './byte-buffer.ts';
import { deltaNumbers } from './delta-values.ts';
import { dictionaryIndexes } from './dictionary-indexes.ts';
import { Encoding, PhysicalType } from './format.ts';
import { numberDictionary } from './number-dictionary.ts';
import type { Bounds, EncodedValues, Values } from './values.ts';

/** The highest bit of a word. */
const SIGN = 0x80000000 | 0;

/** How the bits of a value compare. */
export type NumberOrder = 'signed' | 'unsigned' | 'float';

/**
 * Values as little-endian 32-bit words, which is their PLAIN encoding on every platform that Node 24 runs on.
 * One class for all four physical types keeps the calls from readers monomorphic.
 */
export class NumberValues implements Values {
  readonly physicalType: number;
  readonly order: NumberOrder;
  /** Words a value takes: 1 for INT32 and FLOAT, 2 for INT64 and DOUBLE. */
  readonly width: 1 | 2;
  count = 0;
  #words = new Int32Array(0);
  #floats = new Float32Array(0);
  #doubles = new Float64Array(0);
  #bigints = new BigInt64Array(0);

  constructor(width: 1 | 2, order: NumberOrder) {
    this.width = width;
    this.order = order;
    if (order === 'float') this.physicalType = width === 1 ? PhysicalType.float : PhysicalType.double;
    else this.physicalType = width === 1 ? PhysicalType.int32 : PhysicalType.int64;
  }

  /** Appends 32 bits, signed or not; the caller has checked the range. */
  pushInt32(value: number): void {
    if (this.count === this.#words.length) this.#grow();
    this.#words[this.count++] = value;
  }

  /** Appends 64 bits as two halves, of which only the low 32 bits count. */
  pushInt64(low: number, high: number): void {
    const at = this.count * 2;
    if (at === this.#words.length) this.#grow();
    this.#words[at] = low;
    this.#words[at + 1] = high;
    this.count++;
  }

  /** Appends a safe integer to a 64-bit column. */
  pushSafeInteger(value: number): void {
    // A product with a power of two is exact, and faster than a quotient.
    this.pushInt64(value | 0, Math.floor(value * 2 ** -32));
  }

  /** Appends a 64-bit integer, signed or not; the caller has checked the range. */
  pushBigint(value: bigint): void {
    if (this.count * 2 === this.#words.length) this.#grow();
    this.#bigints[this.count++] = value;
  }

  pushFloat(value: number): void {
    if (this.count === this.#words.length) this.#grow();
    this.#floats[this.count++] = value;
  }

  pushDouble(value: number): void {
    if (this.count * 2 === this.#words.length) this.#grow();
    this.#doubles[this.count++] = value;
  }

  byteLength(): number {
    return this.count * this.width * 4;
  }

  truncate(count: number): void {
    this.count = count;
  }

  settle(): void {}

  encode(delta: boolean): EncodedValues {
    const { width, count } = this;
    const deltas = delta && count > 0 && this.order !== 'float' ? deltaNumbers(this.#words, count, width) : undefined;
    const dictionary = numberDictionary(this.#words, count, width);
    const dictionaryLength = dictionary ? dictionary.byteLength : this.byteLength();
    if (deltas && deltas.byteLength < dictionaryLength) return deltas;
    if (dictionary) return dictionaryIndexes(dictionary.indexes, count, dictionary.count, bytesOf(dictionary.words));
    const bytes = bytesOf(this.#words);
    return {
      encoding: Encoding.plain,
      byteLength: this.byteLength(),
      page: (from, to) => bytes.subarray(from * width * 4, to * width * 4),
    };
  }

  bounds(from: number, to: number): Bounds | undefined {
    if (from === to) return undefined;
    if (this.order === 'float') return this.#floatBounds(from, to);
    return this.width === 1 ? this.#wordBounds(from, to) : this.#pairBounds(from, to);
  }

  visitBytes(visit: (bytes: Uint8Array, from: number, to: number) => void): void {
    const bytes = bytesOf(this.#words);
    const size = this.width * 4;
    for (let i = 0; i < this.count; i++) visit(bytes, i * size, (i + 1) * size);
  }

  compare(a: Uint8Array, b: Uint8Array): number {
    const left = new DataView(a.buffer, a.byteOffset, a.byteLength);
    const right = new DataView(b.buffer, b.byteOffset, b.byteLength);
    if (this.order === 'float') {
      return this.width === 1
        ? left.getFloat32(0, true) - right.getFloat32(0, true)
        : left.getFloat64(0, true) - right.getFloat64(0, true);
    }
    const last = (this.width - 1) * 4;
    const high =
      this.order === 'signed'
        ? left.getInt32(last, true) - right.getInt32(last, true)
        : left.getUint32(last, true) - right.getUint32(last, true);
    return high !== 0 ? high : left.getUint32(0, true) - right.getUint32(0, true);
  }

  clear(): void {
    this.count = 0;
  }

  #grow(): void {
    this.#words = grownWords(this.#words, this.#words.length + this.width);
    this.#floats = new Float32Array(this.#words.buffer);
    this.#doubles = new Float64Array(this.#words.buffer);
    this.#bigints = new BigInt64Array(this.#words.buffer);
  }

  #wordBounds(from: number, to: number): Bounds {
    const words = this.#words;
    const flip = this.#signFlip();
    let min = (words[from] as number) ^ flip;
    let max = min;
    for (let i = from + 1; i < to; i++) {
      const word = (words[i] as number) ^ flip;
      if (word < min) min = word;
      else if (word > max) max = word;
    }
    return exactBounds(Int32Array.of(min ^ flip), Int32Array.of(max ^ flip));
  }

  #pairBounds(from: number, to: number): Bounds {
    const words = this.#words;
    const flip = this.#signFlip();
    let minHigh = (words[from * 2 + 1] as number) ^ flip;
    let minLow = (words[from * 2] as number) ^ SIGN;
    let maxHigh = minHigh;
    let maxLow = minLow;
    for (let at = from * 2 + 2; at < to * 2; at += 2) {
      const high = (words[at + 1] as number) ^ flip;
      const low = (words[at] as number) ^ SIGN;
      if (high < minHigh || (high === minHigh && low < minLow)) {
        minHigh = high;
        minLow = low;
      } else if (high > maxHigh || (high === maxHigh && low > maxLow)) {
        maxHigh = high;
        maxLow = low;
      }
    }
    return exactBounds(Int32Array.of(minLow ^ SIGN, minHigh ^ flip), Int32Array.of(maxLow ^ SIGN, maxHigh ^ flip));
  }

  /** Unsigned words compare as signed ones do with their highest bit turned. */
  #signFlip(): number {
    return this.order === 'unsigned' ? SIGN : 0;
  }

  /** A NaN has no place in the order, so a range with one has no bounds; a zero bound covers both zeros. */
  #floatBounds(from: number, to: number): Bounds | undefined {
    const values = this.width === 1 ? this.#floats : this.#doubles;
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (let i = from; i < to; i++) {
      const value = values[i] as number;
      if (Number.isNaN(value)) return undefined;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    const encode = (value: number) => (this.width === 1 ? Float32Array.of(value) : Float64Array.of(value));
    return exactBounds(encode(min === 0 ? -0 : min), encode(max === 0 ? 0 : max));
  }
}

type NumberArray = Int32Array | Float32Array | Float64Array;

function exactBounds(min: NumberArray, max: NumberArray): Bounds {
  return { min: bytesOf(min), max: bytesOf(max), minExact: true, maxExact: true };
}

function bytesOf(array: NumberArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
