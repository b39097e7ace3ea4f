/** Reads Kafka's wire primitives from one frame. */

/** A frame that breaks its own encoding; the connection that sent it is closed, no other. */
export class MalformedFrameError extends Error {
  override readonly name = 'MalformedFrameError';
}

/**
 * A cursor over one frame. Byte fields are views of the frame, not copies.
 *
 * `flexible` says whether strings, bytes and arrays are compact and structs end with tagged fields (KIP-482);
 * `version` is the API version by which fields are present.
 * @throws MalformedFrameError from every read that would pass the end or meets an impossible length.
 */
export class WireReader {
  readonly buffer: Buffer;
  readonly version: number;
  readonly flexible: boolean;
  position: number;

  constructor(buffer: Buffer, version: number, flexible: boolean, position = 0) {
    this.buffer = buffer;
    this.version = version;
    this.flexible = flexible;
    this.position = position;
  }

  get remaining(): number {
    return this.buffer.length - this.position;
  }

  #take(bytes: number): number {
    const start = this.position;
    if (bytes < 0 || bytes > this.buffer.length - start) {
      throw new MalformedFrameError(`Cannot read ${bytes} bytes at ${start}: the frame has ${this.buffer.length}`);
    }
    this.position = start + bytes;
    return start;
  }

  int8(): number {
    return this.buffer.readInt8(this.#take(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.#take(4));
  }

  /** As a number: exact up to 2^53, which offsets, timestamps in milliseconds and producer ids stay below. */
  int64(): number {
    const start = this.#take(8);
    return this.buffer.readInt32BE(start) * 0x1_0000_0000 + this.buffer.readUInt32BE(start + 4);
  }

  /** An unsigned varint of at most 32 bits. */
  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer.readUInt8(this.#take(1));
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new MalformedFrameError(`Cannot read a varint at ${this.position}: it has more than 5 bytes`);
  }

  /** A zigzag varint of at most 64 bits, as a number: exact up to 2^52 either way. */
  varlong(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 64; scale *= 128) {
      const byte = this.buffer.readUInt8(this.#take(1));
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw new MalformedFrameError(`Cannot read a varlong at ${this.position}: it has more than 10 bytes`);
  }

  skip(length: number): void {
    this.#take(length);
  }

  bytes(length: number): Buffer {
    const start = this.#take(length);
    return this.buffer.subarray(start, start + length);
  }

  /** A length prefix in the frame's style; -1 is null. */
  length(width: 2 | 4): number {
    if (this.flexible) return this.uvarint() - 1;
    return width === 2 ? this.int16() : this.int32();
  }

  /** Skips a tagged-field section, handing known tags to `onTag`. */
  tags(onTag?: (tag: number) => void): void {
    for (let count = this.uvarint(); count > 0; count -= 1) {
      const tag = this.uvarint();
      const size = this.uvarint();
      const end = this.#take(size) + size;
      this.position = end - size;
      onTag?.(tag);
      this.position = end;
    }
  }
}
