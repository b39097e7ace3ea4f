/** Bytes that grow: the one output buffer of every encoder. */

/**
 * Appends bytes and little-endian numbers; capacity doubles, so appending n bytes copies at most 2n.
 * The fields are open because hot loops write to `bytes` themselves after one `reserve`.
 */
export class ByteBuffer {
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `count` more bytes, so that a loop may write them to `bytes` without checks. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed > this.bytes.length) this.bytes = grownBytes(this.bytes, needed);
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  uint32(value: number): void {
    this.reserve(4);
    writeUint32(this.bytes, this.length, value);
    this.length += 4;
  }

  /** An unsigned LEB128 integer, at most 2^53 - 1. */
  varint(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest > 0x7f) {
      this.bytes[this.length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.length++] = rest;
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** What was written, without a copy: valid until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

/**
 * `bytes` with room for `needed`, at least twice as large. The old array is gone: moved, not left to the garbage
 * collector, as large columns would be in memory twice until it runs.
 */
export function grownBytes(bytes: Uint8Array<ArrayBuffer>, needed: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(moved(bytes, needed));
}

/** The same for a `Buffer` that owns its memory. */
export function grownBuffer(buffer: Buffer<ArrayBuffer>, needed: number): Buffer<ArrayBuffer> {
  return Buffer.from(moved(buffer, needed));
}

/** The same for words, of which `needed` have room. */
export function grownWords(words: Int32Array<ArrayBuffer>, needed: number): Int32Array<ArrayBuffer> {
  return new Int32Array(moved(words, needed * 4));
}

function moved({ buffer }: { readonly buffer: ArrayBuffer }, needed: number): ArrayBuffer {
  const length = Math.max(needed, buffer.byteLength * 2, 256);
  const grown = new ArrayBuffer(length + (-length & 7));
  new Uint8Array(grown).set(new Uint8Array(buffer));
  // Frees the old memory. To transfer it to the new length would touch the new half too, which rows may never fill.
  buffer.transfer(0);
  return grown;
}

export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}
