/** Avro's binary encoding, read without objects (Avro 1.12 specification, "Binary Encoding"). */

/**
 * A position in bytes. A read beyond `end`, or of something malformed, sets `failed` and moves to the end, so that
 * callers check once per value and not per byte; it never reads outside `bytes`.
 */
export class AvroCursor {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  end = 0;
  failed = false;
  /** The halves of the 64-bit value read last. */
  low = 0;
  high = 0;
  /** Where the block that `block` began must end; -1 where it does not say. */
  blockEnd = -1;

  reset(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.at = 0;
    this.end = bytes.length;
    this.failed = false;
  }

  /** A zigzag integer of 32 bits; 0 after a failure, which more bits are too. */
  int(): number {
    const { bytes, at } = this;
    if (at < this.end) {
      const byte = bytes[at] as number;
      if (byte < 0x80) {
        this.at = at + 1;
        return (byte >>> 1) ^ -(byte & 1);
      }
    }
    this.long();
    if (this.high !== this.low >> 31) this.fail();
    return this.low;
  }

  /** A zigzag integer of 64 bits into `low` and `high`. */
  long(): void {
    const { bytes, end } = this;
    let { at } = this;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70 && at < end; shift += 7) {
      const byte = bytes[at++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else if (bits > 1) break;
      else high |= bits << 31;
      if (byte < 0x80) {
        this.at = at;
        const sign = -(low & 1);
        this.low = ((low >>> 1) | (high << 31)) ^ sign;
        this.high = (high >>> 1) ^ sign;
        return;
      }
    }
    this.fail();
  }

  fixed32(): number {
    const { bytes, at } = this;
    if (!this.skip(4)) return 0;
    return (
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    );
  }

  /** 64 bits, little end first, into `low` and `high`. */
  fixed64(): void {
    this.low = this.fixed32();
    this.high = this.fixed32();
  }

  /** 0 or 1; no other byte is a boolean. */
  boolean(): boolean {
    const byte = this.bytes[this.at];
    if (!this.skip(1) || (byte as number) > 1) this.fail();
    return byte === 1;
  }

  /** The length of a string or of bytes that lie within `end`; 0 after a failure. */
  length(): number {
    this.long();
    if (this.high === 0 && this.low >>> 0 <= this.end - this.at) return this.low;
    this.fail();
    return 0;
  }

  /**
   * How many items the next block of an array or map has; 0 ends it, as a failure does. An item takes a byte at least,
   * so a count beyond the bytes that are left is a lie that would cost time.
   */
  block(): number {
    this.long();
    this.blockEnd = -1;
    let count = this.high === 0 ? this.low : Number.NaN;
    if (this.high === -1 && this.low < 0) {
      count = -this.low;
      this.blockEnd = this.length() + this.at;
    }
    if (count >= 0 && count <= this.end - this.at) return count;
    this.fail();
    return 0;
  }

  /** Moves past `count` bytes. @returns false, and fails, where there are fewer */
  skip(count: number): boolean {
    if (count > this.end - this.at) {
      this.fail();
      return false;
    }
    this.at += count;
    return true;
  }

  fail(): void {
    this.failed = true;
    this.at = this.end;
    this.low = 0;
    this.high = 0;
    this.blockEnd = -1;
  }
}
