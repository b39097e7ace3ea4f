/** Protobuf's wire format, read without objects (https://protobuf.dev/programming-guides/encoding). */

export const WireType = { varint: 0, fixed64: 1, delimited: 2, groupStart: 3, groupEnd: 4, fixed32: 5 } as const;

/** Nested unknown groups beyond this depth are refused, as other parsers do. */
const GROUP_DEPTH_MAX = 100;

/**
 * A position in bytes. A read beyond `end`, or of something malformed, sets `failed` and leaves the position unusable,
 * so that callers check once per field and not per byte; it never reads outside `bytes`.
 */
export class WireCursor {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  end = 0;
  failed = false;
  /** The halves of the 64-bit value read last, of which 32 bits count. */
  low = 0;
  high = 0;

  reset(bytes: Uint8Array, from: number, to: number): void {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
    this.failed = false;
  }

  /** A varint below 2^32, as tags and lengths are; 0 after a failure. */
  uint32(): number {
    const { bytes, at } = this;
    if (at < this.end) {
      const byte = bytes[at] as number;
      if (byte < 0x80) {
        this.at = at + 1;
        return byte;
      }
    }
    this.varint64();
    if (this.high === 0) return this.low >>> 0;
    this.failed = true;
    return 0;
  }

  /**
   * The 32 bits of a varint, as a signed number; NaN where it has more. Senders extend negative numbers of a signed type
   * to 64 bits, which is no more.
   */
  varint32(isSigned: boolean): number {
    const { bytes, at } = this;
    if (at < this.end) {
      const byte = bytes[at] as number;
      if (byte < 0x80) {
        this.at = at + 1;
        return byte;
      }
    }
    this.varint64();
    const { low, high } = this;
    return high === 0 || (isSigned && high === -1 && low < 0) ? low : Number.NaN;
  }

  /** A varint of at most ten bytes and 64 bits, into `low` and `high`. */
  varint64(): void {
    const { bytes, end } = this;
    let { at } = this;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) break;
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
        this.low = low;
        this.high = high;
        return;
      }
    }
    this.failed = true;
    this.low = 0;
    this.high = 0;
  }

  fixed32(): number {
    const { bytes, at } = this;
    if (at + 4 > this.end) {
      this.failed = true;
      return 0;
    }
    this.at = at + 4;
    return (
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    );
  }

  fixed64(): void {
    this.low = this.fixed32();
    this.high = this.fixed32();
  }

  /** The length of a delimited value that lies within `end`; 0 after a failure. */
  length(): number {
    const length = this.uint32();
    if (length <= this.end - this.at) return length;
    this.failed = true;
    return 0;
  }

  /** Moves past a value; `fieldNumber` is of its tag, which a group's end repeats. */
  skip(wireType: number, fieldNumber: number, depth = 0): void {
    switch (wireType) {
      case WireType.varint:
        this.varint64();
        return;
      case WireType.fixed64:
        this.#advance(8);
        return;
      case WireType.delimited:
        this.#advance(this.length());
        return;
      case WireType.fixed32:
        this.#advance(4);
        return;
      case WireType.groupStart:
        this.#skipGroup(fieldNumber, depth);
        return;
      default:
        this.failed = true;
    }
  }

  #skipGroup(fieldNumber: number, depth: number): void {
    while (!this.failed && depth < GROUP_DEPTH_MAX) {
      const tag = this.uint32();
      const inner = tag >>> 3;
      if ((tag & 7) === WireType.groupEnd) {
        if (inner !== fieldNumber) this.failed = true;
        return;
      }
      if (inner === 0) break;
      this.skip(tag & 7, inner, depth + 1);
    }
    this.failed = true;
  }

  #advance(count: number): void {
    if (count <= this.end - this.at) this.at += count;
    else this.failed = true;
  }
}
