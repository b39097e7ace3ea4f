/** Cuts a byte stream into Kafka's length-prefixed frames. */

import { MalformedFrameError } from './wire-reader.ts';

/** `socket.request.max.bytes` of Apache Kafka. */
const frameBytesMax = 100 * 1024 * 1024;
const lengthBytes = 4;

/** A buffer up to this size is kept for the next frame. */
const keptBytesMax = 4 * 1024 * 1024;

/** Holds at most one frame. One that spans chunks is copied once, into a buffer that the next such frame uses again. */
export class FrameAssembler {
  readonly #length = Buffer.alloc(lengthBytes);
  #lengthFilled = 0;
  #buffer = Buffer.alloc(0);
  #frame: Buffer | undefined;
  #frameFilled = 0;

  /**
   * The frames that `chunk` completes. Each belongs to the caller until it asks for the next one.
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
    if (bytes > keptBytesMax) return Buffer.allocUnsafeSlow(bytes);
    if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(bytes);
    return this.#buffer.subarray(0, bytes);
  }
}
