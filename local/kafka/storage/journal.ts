/** An append-only file of JSON lines that holds small state across restarts. */

import { closeSync, existsSync, openSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { KafkaError } from '../../../pipeline/kafka/error-code.ts';
import { HostError } from '../../host-error.ts';
import { appendWhole } from './append-whole.ts';

/** Whose state the journal keeps. */
export interface JournalOwner<Entry> {
  /** Takes an entry that an earlier run appended; called in order while the journal opens. */
  replay(entry: Entry): void;
  /** The fewest entries that replay to the present state. */
  snapshot(): readonly Entry[];
}

/** A journal smaller than this is never rewritten. */
const rewriteBytesMin = 1024 * 1024;
/** The journal is rewritten when it has grown to this many times its last snapshot. */
const rewriteFactor = 8;

/** Entries survive `kill -9` once `append` has returned. A torn last line is dropped when the journal opens. */
export class Journal<Entry> {
  readonly #path: string;
  readonly #owner: JournalOwner<Entry>;
  #fd: number;
  #bytes: number;
  #rewriteBytes: number;

  /** @throws HostError for a whole line that is not an entry. */
  constructor(path: string, owner: JournalOwner<Entry>) {
    this.#path = path;
    this.#owner = owner;
    this.#bytes = existsSync(path) ? this.#replay() : 0;
    this.#rewriteBytes = Math.max(rewriteBytesMin, this.#bytes);
    this.#fd = openSync(path, 'a');
  }

  /** @throws KafkaError `kafkaStorageError` when the disk refuses it; the journal is then as before. */
  append(entry: Entry): void {
    try {
      // Before the entry is written: the owner's state, and so the snapshot, may not have it yet.
      if (this.#bytes >= this.#rewriteBytes) this.#rewrite();
      const line = Buffer.from(`${JSON.stringify(entry)}\n`);
      appendWhole(this.#fd, line, this.#bytes);
      this.#bytes += line.length;
    } catch (error) {
      throw new KafkaError('kafkaStorageError', `Cannot write to "${this.#path}": ${String(error)}`);
    }
  }

  close(): void {
    closeSync(this.#fd);
    // A late append must fail: the number of the file may soon belong to another.
    this.#fd = -1;
  }

  /** Replays whole lines and cuts the rest; returns the bytes that are left. */
  #replay(): number {
    const content = readFileSync(this.#path, 'utf8');
    const whole = content.slice(0, content.lastIndexOf('\n') + 1);
    if (whole.length < content.length) truncateSync(this.#path, Buffer.byteLength(whole));
    for (const [at, line] of whole.split('\n').entries()) if (line !== '') this.#replayLine(line, at + 1);
    return Buffer.byteLength(whole);
  }

  #replayLine(line: string, number: number): void {
    try {
      this.#owner.replay(JSON.parse(line) as Entry);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new HostError(
        `Cannot read line ${number} of "${this.#path}": ${reason}, mend the line or restore the file from a copy`,
      );
    }
  }

  #rewrite(): void {
    const lines = this.#owner.snapshot().map((entry) => `${JSON.stringify(entry)}\n`);
    writeFileSync(`${this.#path}.new`, lines.join(''));
    // Opened before it takes the place: a failure leaves the old file and its descriptor as they were.
    const fd = openSync(`${this.#path}.new`, 'a');
    renameSync(`${this.#path}.new`, this.#path);
    closeSync(this.#fd);
    this.#fd = fd;
    this.#bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
    this.#rewriteBytes = Math.max(rewriteBytesMin, this.#bytes * rewriteFactor);
  }
}
