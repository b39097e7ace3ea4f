/** A message in memory of its own, for generated readers: varints and skipped fields without a call for each byte. */

/**
 * Bytes after the message, so that reads of up to 64 bits which begin inside it stay inside the memory. What they hold
 * does not matter: whoever read them is past the end of the message, and gives up.
 */
const PADDING = 16;

/**
 * The message that is being read, as bytes and words. Methods take positions and return the position after what they
 * read, or -1 where it is malformed, so that a reader's position can live in a register.
 */
export class WireWords {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(1024);
  view: DataView = new DataView(this.bytes.buffer);
  /** The halves of the varint read last. */
  low = 0;
  high = 0;

  load(message: Uint8Array): void {
    const { length } = message;
    if (length + PADDING > this.bytes.length) {
      this.bytes = new Uint8Array((length + PADDING) * 2);
      this.view = new DataView(this.bytes.buffer);
    }
    this.bytes.set(message);
  }

  /** Reads a varint of at most ten bytes and 64 bits, into `low` and `high`. */
  varint(from: number, end: number): number {
    const { bytes } = this;
    let at = from;
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[at++] as number;
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return this.#done(at, end, low, 0);
    }
    const middle = bytes[at++] as number;
    low |= (middle & 0x7f) << 28;
    let high = (middle & 0x7f) >>> 4;
    if (middle < 0x80) return this.#done(at, end, low, high);
    for (let shift = 3; shift < 31; shift += 7) {
      const byte = bytes[at++] as number;
      high |= (byte & 0x7f) << shift;
      if (byte < 0x80) return this.#done(at, end, low, high);
    }
    const last = bytes[at++] as number;
    return last > 1 ? -1 : this.#done(at, end, low, high | (last << 31));
  }

  /** Moves past an unknown field's value. Groups, which hardly anybody sends, count as malformed here. */
  skip(tag: number, at: number, end: number): number {
    if (tag >>> 3 === 0) return -1;
    switch (tag & 7) {
      case 0:
        return this.varint(at, end);
      case 1:
        return at + 8;
      case 2: {
        const from = this.varint(at, end);
        return from < 0 || this.high !== 0 || this.low < 0 ? -1 : from + this.low;
      }
      case 5:
        return at + 4;
      default:
        return -1;
    }
  }

  #done(at: number, end: number, low: number, high: number): number {
    this.low = low;
    this.high = high;
    return at <= end ? at : -1;
  }
}
