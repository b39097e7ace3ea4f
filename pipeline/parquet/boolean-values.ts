/** The store of BOOLEAN columns. */
import { ByteBuffer, grownBytes } from './byte-buffer.ts';
import { Encoding, PhysicalType } from './format.ts';
import type { Bounds, EncodedValues, Values } from './values.ts';

/** One byte a value in memory, one bit a value on a page. */
export class BooleanValues implements Values {
  readonly physicalType = PhysicalType.boolean;
  count = 0;
  #bits: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  push(value: boolean): void {
    if (this.count === this.#bits.length) this.#bits = grownBytes(this.#bits, this.count + 1);
    this.#bits[this.count++] = value ? 1 : 0;
  }

  byteLength(): number {
    return this.count;
  }

  truncate(count: number): void {
    this.count = count;
  }

  settle(): void {}

  encode(): EncodedValues {
    const out = new ByteBuffer();
    return {
      encoding: Encoding.plain,
      byteLength: Math.ceil(this.count / 8),
      page: (from, to) => {
        out.length = 0;
        for (let at = from; at < to; at += 8) out.byte(this.#packed(at, Math.min(at + 8, to)));
        return out.view();
      },
    };
  }

  bounds(from: number, to: number): Bounds | undefined {
    if (from === to) return undefined;
    const values = this.#bits.subarray(from, to);
    const min = Uint8Array.of(values.includes(0) ? 0 : 1);
    const max = Uint8Array.of(values.includes(1) ? 1 : 0);
    return { min, max, minExact: true, maxExact: true };
  }

  visitBytes(visit: (bytes: Uint8Array, from: number, to: number) => void): void {
    const bits = this.#bits.subarray(0, this.count);
    for (const bit of new Set(bits)) visit(Uint8Array.of(bit), 0, 1);
  }

  compare(a: Uint8Array, b: Uint8Array): number {
    return (a[0] as number) - (b[0] as number);
  }

  clear(): void {
    this.count = 0;
  }

  #packed(from: number, to: number): number {
    let byte = 0;
    for (let at = from; at < to; at++) byte |= (this.#bits[at] as number) << (at - from);
    return byte;
  }
}
