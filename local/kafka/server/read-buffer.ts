/** Memory for the records of one answer, used again for the next. */

/** At most this much is kept; what does not fit is allocated and left to the garbage collector. */
const keptBytesMax = 2 * 1024 * 1024;

/**
 * One connection's buffer: without it every answer would leave a megabyte of garbage, which the collector lets pile up.
 * What `take` gives is valid until `reset`, so an answer has to be on its way before the next request is handled.
 */
export class ReadBuffer {
  #buffer = Buffer.alloc(0);
  #used = 0;

  /** Uninitialized memory. */
  take(bytes: number): Buffer {
    const end = this.#used + bytes;
    if (end > keptBytesMax) return Buffer.allocUnsafeSlow(bytes);
    // Doubling: a connection that reads little holds little. What was taken before keeps the old buffer alive.
    if (end > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(Math.min(keptBytesMax, end * 2));
    const taken = this.#buffer.subarray(this.#used, end);
    this.#used = end;
    return taken;
  }

  reset(): void {
    this.#used = 0;
  }
}
