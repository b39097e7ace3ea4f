/** Records on their way from Kafka into invocations. */

export interface BufferedRecord {
  readonly partition: number;
  readonly offset: bigint;
  /** The record as it stands in the event; ASCII but for header names. */
  readonly json: string;
}

export interface BatchLimits {
  readonly recordsMax: number;
  /** Of the records' JSON with one separator each. */
  readonly bytesMax: number;
  /** From the first record of a batch. */
  readonly windowMs: number;
}

/** How much may wait beyond the batch that is being filled, as a multiple of a batch: fetches go on while a batch runs. */
const BATCHES_AHEAD = 2;

/**
 * Fills batches as Lambda does: one is due when it has `recordsMax` records or `bytesMax` bytes, or `windowMs` after its
 * first record. Memory is bounded: a writer must wait in `roomOrTimeout` while `isFull`.
 */
export class KafkaBatchBuffer {
  readonly #limits: BatchLimits;
  #records: BufferedRecord[] = [];
  #bytes = 0;
  #firstAt = 0;
  #closed = false;
  #wakeReader: () => void = () => {};
  #wakeWriters: Array<() => void> = [];

  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  get isFull(): boolean {
    const { recordsMax, bytesMax } = this.#limits;
    return this.#records.length >= recordsMax * BATCHES_AHEAD || this.#bytes >= bytesMax * BATCHES_AHEAD;
  }

  add(record: BufferedRecord): void {
    if (this.#records.length === 0) {
      this.#firstAt = Date.now();
      this.#wakeReader();
    }
    this.#records.push(record);
    this.#bytes += recordBytes(record);
    if (this.#isDue()) this.#wakeReader();
  }

  /** Returns when there may be room, or after `ms`, so that the writer can send a heartbeat. */
  async roomOrTimeout(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeWriters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** The next batch, in the order of arrival, when it is due; empty once the buffer is closed. For one reader. */
  async take(): Promise<BufferedRecord[]> {
    while (!this.#closed && !this.#isDue()) {
      const waitMs = this.#records.length === 0 ? undefined : this.#firstAt + this.#limits.windowMs - Date.now();
      await this.#change(waitMs);
    }
    return this.#closed ? [] : this.#cut();
  }

  /** Forgets everything: the group has been assigned anew, and reading starts again at the committed offsets. */
  clear(): void {
    this.#records = [];
    this.#bytes = 0;
    this.#wakeAllWriters();
  }

  /** Ends waiting on both sides. */
  close(): void {
    this.#closed = true;
    this.clear();
    this.#wakeReader();
  }

  #isDue(): boolean {
    const { recordsMax, bytesMax, windowMs } = this.#limits;
    if (this.#records.length === 0) return false;
    return this.#records.length >= recordsMax || this.#bytes >= bytesMax || Date.now() - this.#firstAt >= windowMs;
  }

  #change(waitMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = waitMs === undefined ? undefined : setTimeout(resolve, Math.max(waitMs, 0));
      this.#wakeReader = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #cut(): BufferedRecord[] {
    const { recordsMax, bytesMax } = this.#limits;
    let count = 0;
    let bytes = 0;
    for (const record of this.#records) {
      const next = recordBytes(record);
      // A record that is too large on its own goes alone, and fails as it does on AWS.
      if (count >= recordsMax || (count > 0 && bytes + next > bytesMax)) break;
      count++;
      bytes += next;
    }
    const batch = this.#records.slice(0, count);
    this.#records = this.#records.slice(count);
    this.#bytes -= bytes;
    this.#firstAt = Date.now();
    this.#wakeAllWriters();
    return batch;
  }

  #wakeAllWriters(): void {
    for (const wake of this.#wakeWriters.splice(0)) wake();
  }
}

function recordBytes({ json }: BufferedRecord): number {
  return Buffer.byteLength(json) + 1;
}
