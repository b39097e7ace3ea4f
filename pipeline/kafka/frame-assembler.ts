/** Cuts a byte stream into Kafka's length-prefixed frames. */

import { MalformedFrameError } from './wire-reader.ts';

/** `socket.request.max.bytes` of Apache Kafka. */
const frameBytesMax = 100 * 1024 * 1024;
const lengthBytes = 4;

/** Holds at most one frame. One that spans chunks is copied once. */
export class FrameAssembler {
  readonly #keptBytesMax: number;
  readonly #length = Buffer.alloc(lengthBytes);
  #lengthFilled = 0;
  #buffer = Buffer.alloc(0);
  #frame: Buffer | undefined;
  #frameFilled = 0;

  /**
   * Frames of up to `keptBytesMax` bytes share one buffer, and each belongs to the caller until it asks for the next
   * one. With 0 each has memory of its own.
   */
  constructor(keptBytesMax: number) {
    this.#keptBytesMax = keptBytesMax;
  }

  /**
   * The frames that `chunk` completes.
   * @throws MalformedFrameError when a length is negative or over 100 MiB.
   */
  *push(chunk: Buffer): Generator<Buffer> {
    for (let at = 0; at < chunk.length; ) {
      if (this.#frame === undefined) {
        const copied = chunk.copy(this.#length, this.#lengthFilled, at, at + lengthBytes - this.#lengthFilled);
        this.#lengthFilled += copied;
        at += copied;
        if (this.#lengthFilled < lengthBytes) return;
        const bytes = this.#takeLength();
        if (bytes <= chunk.length - at) {
          yield chunk.subarray(at, at + bytes);
          at += bytes;
          continue;
        }
        this.#frame = this.#bufferFor(bytes);
        this.#frameFilled = 0;
      }
      const copied = chunk.copy(this.#frame, this.#frameFilled, at);
      this.#frameFilled += copied;
      at += copied;
      if (this.#frameFilled === this.#frame.length) {
        const whole = this.#frame;
        this.#frame = undefined;
        yield whole;
      }
    }
  }

  #takeLength(): number {
    const bytes = this.#length.readInt32BE();
    this.#lengthFilled = 0;
    if (bytes < 0 || bytes > frameBytesMax) {
      throw new MalformedFrameError(`Cannot read a frame of ${bytes} bytes: 0 to ${frameBytesMax} are allowed`);
    }
    return bytes;
  }

  #bufferFor(bytes: number): Buffer {
    if (bytes > this.#keptBytesMax) return Buffer.allocUnsafeSlow(bytes);
    if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(bytes);
    return this.#buffer.subarray(0, bytes);
  }
}
