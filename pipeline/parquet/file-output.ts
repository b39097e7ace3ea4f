/** The bytes of a file that is being written. */
import { MAGIC } from './format.ts';

/** Collects what was written until it is taken, and knows where in the file the next byte goes. */
export class FileOutput {
  offset = 0;
  #parts: Uint8Array[] = [];

  /** Begins a file with its magic number. */
  constructor() {
    this.write(MAGIC);
  }

  /** Keeps `bytes` without a copy: the caller never writes to them again. */
  write(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.offset += bytes.length;
  }

  take(): Uint8Array[] {
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }
}
