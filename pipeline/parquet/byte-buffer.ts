/** Bytes that grow: the one output buffer of every encoder. */

/**
 * Appends bytes and little-endian numbers; capacity doubles, so appending n bytes copies at most 2n.
 * The fields are open because hot loops write to `bytes` themselves after one `reserve`.
 */
export class ByteBuffer {
  bytes: Uint8Array;
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

/** A copy of `bytes` with room for `needed`, at least twice as large. */
export function grownBytes(bytes: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  const grown = new Uint8Array(Math.max(needed, bytes.length * 2, 64));
  grown.set(bytes);
  return grown;
}

/** A copy of `words` with room for `needed`, at least twice as large. */
export function grownWords(words: Int32Array, needed: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(Math.max(needed, words.length * 2, 64));
  grown.set(words);
  return grown;
}

export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}
