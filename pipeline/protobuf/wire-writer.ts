/** Writes the Protobuf wire format (protobuf.dev, "Encoding") into one growing buffer. */

export type WireType = typeof VARINT | typeof FIXED64 | typeof LENGTH_DELIMITED | typeof FIXED32;
export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH_DELIMITED = 2;
export const FIXED32 = 5;

const INITIAL_BYTES = 1024;
const VARINT_BYTES_MAX = 10;
/** Up to here a loop over the characters beats a call into the runtime. */
const SHORT_TEXT_MAX = 32;

/** Reusable: `reset` forgets the content and keeps the memory, which grows to the largest message written. */
export class WireWriter {
  private buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  private length = 0;

  reset(): void {
    this.length = 0;
  }

  /** A copy of what was written since `reset`; a view of Node's pool, which is far cheaper than memory of its own. */
  bytes(): Uint8Array {
    return Buffer.from(this.buffer.subarray(0, this.length));
  }

  tag(fieldNumber: number, wireType: WireType): void {
    this.varint(fieldNumber * 8 + wireType);
  }

  /** @param value any safe integer; a negative one is written as its 64-bit two's complement. */
  varint(value: number): void {
    if (value >= 0 && value <= 0x7f) {
      this.reserve(1);
      this.buffer[this.length++] = value;
    } else {
      this.varint64(value, Math.floor(value / 0x1_0000_0000));
    }
  }

  /** The 64 bits of two words; of each, only the lowest 32 bits count. */
  varint64(low: number, high: number): void {
    this.reserve(VARINT_BYTES_MAX);
    let rest = low >>> 0;
    let restHigh = high >>> 0;
    while (restHigh !== 0 || rest > 0x7f) {
      this.buffer[this.length++] = (rest & 0x7f) | 0x80;
      rest = ((rest >>> 7) | (restHigh << 25)) >>> 0;
      restHigh >>>= 7;
    }
    this.buffer[this.length++] = rest;
  }

  /** The lowest 32 bits of an integer. */
  fixed32(value: number): void {
    this.reserve(4);
    this.length = this.buffer.writeInt32LE(value | 0, this.length);
  }

  /** The 64 bits of two words; of each, only the lowest 32 bits count. */
  fixed64(low: number, high: number): void {
    this.fixed32(low);
    this.fixed32(high);
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
    if (value.length <= SHORT_TEXT_MAX && this.shortAscii(value)) {
      return;
    }
    const bytes = Buffer.byteLength(value);
    this.varint(bytes);
    this.reserve(bytes);
    this.length += this.buffer.write(value, this.length);
  }

  /** A length-prefixed copy of the bytes. */
  blob(value: Uint8Array): void {
    this.varint(value.length);
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
  }

  /** Begins a length-prefixed part, which `close` ends; parts may be nested. Returns what `close` needs. */
  open(): number {
    this.reserve(1);
    return this.length++;
  }

  /** Writes the part's length in front of it; the content moves when the length needs more than one byte. */
  close(opened: number): void {
    const start = opened + 1;
    const size = this.length - start;
    if (size <= 0x7f) {
      this.buffer[opened] = size;
      return;
    }
    this.length = opened;
    const content = Buffer.from(this.buffer.subarray(start, start + size));
    this.blob(content);
  }

  /** Writes nothing and returns false when the text is not ASCII. */
  private shortAscii(value: string): boolean {
    this.reserve(1 + SHORT_TEXT_MAX);
    const start = this.length + 1;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) {
        return false;
      }
      this.buffer[start + index] = code;
    }
    this.buffer[this.length] = value.length;
    this.length = start + value.length;
    return true;
  }

  private reserve(bytes: number): void {
    if (this.length + bytes > this.buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + bytes));
      this.buffer.copy(grown, 0, 0, this.length);
      this.buffer = grown;
    }
  }
}
