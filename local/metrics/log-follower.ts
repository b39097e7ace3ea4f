/** The lines that a file gets while it is followed. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** Bounds the memory of one reading, however much was written since the last one. */
const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** Starts at the end that the file has when this is made; a file that does not exist yet is read from its start. */
export class LogFollower {
  readonly #file: string;
  #position: number;
  /** The beginning of a line whose end is not written yet. */
  #rest = Buffer.alloc(0);

  constructor(file: string) {
    this.#file = file;
    this.#position = sizeOf(file);
  }

  /** Calls `take` with each whole line that was written since the last call. */
  read(take: (line: string) => void): void {
    if (sizeOf(this.#file) <= this.#position) return;
    const file = openSync(this.#file, 'r');
    try {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      for (let bytes = CHUNK_BYTES; bytes === CHUNK_BYTES; ) {
        bytes = readSync(file, chunk, 0, CHUNK_BYTES, this.#position);
        this.#position += bytes;
        this.#take(Buffer.concat([this.#rest, chunk.subarray(0, bytes)]), take);
      }
    } finally {
      closeSync(file);
    }
  }

  #take(bytes: Buffer, take: (line: string) => void): void {
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      take(bytes.toString('utf8', start, end));
      start = end + 1;
    }
    this.#rest = Buffer.from(bytes.subarray(start));
  }
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
