/** The store of FIXED_LEN_BYTE_ARRAY columns: UUIDs and decimals of more than 18 digits. */
import { compareBytes } from './byte-bounds.ts';
import { grownBytes } from './byte-buffer.ts';
import { Encoding, PhysicalType } from './format.ts';
import type { Bounds, EncodedValues, Values } from './values.ts';

/** Values of `width` bytes, big-endian, always PLAIN: what is stored this way hardly ever repeats. */
export class FixedValues implements Values {
  readonly physicalType = PhysicalType.fixedLengthByteArray;
  readonly width: number;
  /** Decimals compare as two's complement, UUIDs as unsigned bytes. */
  readonly signed: boolean;
  count = 0;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  constructor(width: number, signed: boolean) {
    this.width = width;
    this.signed = signed;
  }

  /** Appends the `width` bytes that begin at `from`. */
  push(bytes: Uint8Array, from: number): void {
    const at = this.count++ * this.width;
    if (at + this.width > this.#bytes.length) this.#bytes = grownBytes(this.#bytes, at + 32 * this.width);
    for (let i = 0; i < this.width; i++) this.#bytes[at + i] = bytes[from + i] as number;
  }

  byteLength(): number {
    return this.count * this.width;
  }

  truncate(count: number): void {
    this.count = count;
  }

  settle(): void {}

  encode(): EncodedValues {
    return { encoding: Encoding.plain, byteLength: this.byteLength(), page: (from, to) => this.#slice(from, to) };
  }

  bounds(from: number, to: number): Bounds | undefined {
    if (from === to) return undefined;
    let min = this.#slice(from, from + 1);
    let max = min;
    for (let i = from + 1; i < to; i++) {
      const value = this.#slice(i, i + 1);
      if (this.compare(value, min) < 0) min = value;
      else if (this.compare(value, max) > 0) max = value;
    }
    return { min: min.slice(), max: max.slice(), minExact: true, maxExact: true };
  }

  visitBytes(visit: (bytes: Uint8Array, from: number, to: number) => void): void {
    for (let i = 0; i < this.count; i++) visit(this.#bytes, i * this.width, (i + 1) * this.width);
  }

  compare(a: Uint8Array, b: Uint8Array): number {
    if (this.signed) {
      const sign = ((b[0] as number) >>> 7) - ((a[0] as number) >>> 7);
      if (sign !== 0) return sign;
    }
    return compareBytes(a, b);
  }

  clear(): void {
    this.count = 0;
  }

  #slice(from: number, to: number): Uint8Array {
    return this.#bytes.subarray(from * this.width, to * this.width);
  }
}
