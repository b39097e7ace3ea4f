/** Writes the Protobuf wire format (protobuf.dev, "Encoding") into one growing buffer. */

export type WireType = typeof VARINT | typeof FIXED64 | typeof LENGTH_DELIMITED | typeof FIXED32;
export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH_DELIMITED = 2;
export const FIXED32 = 5;

const INITIAL_BYTES = 1024;

/** Reusable: `reset` forgets the content and keeps the memory, which grows to the largest message written. */
export class WireWriter {
  private buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  private length = 0;

  reset(): void {
    this.length = 0;
  }

  /** A copy of what was written since `reset`. */
  bytes(): Uint8Array {
    return new Uint8Array(this.buffer.subarray(0, this.length));
  }

  tag(fieldNumber: number, wireType: WireType): void {
    this.varint(fieldNumber * 8 + wireType);
  }

  /** @param value an integer from 0 to 2^53 - 1. */
  varint(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest > 0x7f) {
      this.buffer[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.buffer[this.length++] = rest;
  }

  /** @param value from 0 to 2^64 - 1; a negative number is given as its two's complement. */
  varintBig(value: bigint): void {
    this.reserve(10);
    let rest = value;
    while (rest > 0x7fn) {
      this.buffer[this.length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.buffer[this.length++] = Number(rest);
  }

  fixed32(value: number): void {
    this.reserve(4);
    this.length = this.buffer.writeInt32LE(value | 0, this.length);
  }

  fixed64(value: bigint): void {
    this.reserve(8);
    this.length = this.buffer.writeBigUInt64LE(BigInt.asUintN(64, value), this.length);
  }

  float(value: number): void {
    this.reserve(4);
    this.length = this.buffer.writeFloatLE(value, this.length);
  }

  double(value: number): void {
    this.reserve(8);
    this.length = this.buffer.writeDoubleLE(value, this.length);
  }

  /** A length-prefixed UTF-8 string; the caller has checked that it is well formed. */
  text(value: string): void {
    const bytes = Buffer.byteLength(value);
    this.varint(bytes);
    this.reserve(bytes);
    this.length += this.buffer.write(value, this.length);
  }

  blob(value: Uint8Array): void {
    this.varint(value.length);
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
  }

  /** Writes what `write` writes, with its length in front; the content moves when the length needs a second byte. */
  delimited(write: () => void): void {
    this.reserve(1);
    const start = this.length++;
    write();
    const size = this.length - start - 1;
    if (size <= 0x7f) {
      this.buffer[start] = size;
      return;
    }
    const shift = Math.floor(Math.log2(size) / 7);
    this.reserve(shift);
    this.buffer.copyWithin(start + 1 + shift, start + 1, this.length);
    const end = this.length + shift;
    this.length = start;
    this.varint(size);
    this.length = end;
  }

  private reserve(bytes: number): void {
    if (this.length + bytes > this.buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + bytes));
      this.buffer.copy(grown, 0, 0, this.length);
      this.buffer = grown;
    }
  }
}
