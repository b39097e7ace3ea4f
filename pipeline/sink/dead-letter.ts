/** Dead letters: records that could not become rows, kept whole, with the reason. */
import { ByteBuffer } from '../parquet/byte-buffer.ts';
import type { KafkaRecord } from '../ports.ts';
import type { RejectedObject } from './commit.ts';
import { valueChecksum } from './record-reader.ts';

export type DeadLetterCode =
  | 'NULL_VALUE'
  | 'UNKNOWN_FRAMING'
  | 'UNKNOWN_SCHEMA_VERSION'
  | 'WRONG_EVENT_TYPE'
  | 'INVALID_ATTRIBUTE'
  | 'INVALID_PAYLOAD';

export interface DeadLetter {
  readonly record: KafkaRecord;
  readonly code: DeadLetterCode;
  /** What is wrong and, for a payload, at which field. Holds no part of the payload. */
  readonly reason: string;
}

/** One line of a rejected object. Bytes are in base64. */
export interface DeadLetterLine {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly code: DeadLetterCode;
  readonly reason: string;
  /** The newest schema version that the sink knew. */
  readonly schemaVersion: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
}

/** JSON Lines of dead letters, each encoded when it comes: its record, a view of a whole fetch, is not kept. */
export class DeadLetterLines {
  readonly #schemaVersion: number;
  readonly #lines = new ByteBuffer();
  readonly #codes: { [Code in DeadLetterCode]?: number } = {};
  #count = 0;
  #checksum = 0;

  constructor(schemaVersion: number) {
    this.#schemaVersion = schemaVersion;
  }

  add(letter: DeadLetter): void {
    this.#lines.append(encodeLine(letter, this.#schemaVersion));
    this.#codes[letter.code] = (this.#codes[letter.code] ?? 0) + 1;
    this.#count += 1;
    this.#checksum += valueChecksum(letter.record);
  }

  /** Valid until the next `add`. */
  get bytes(): Uint8Array {
    return this.#lines.view();
  }

  get byteLength(): number {
    return this.#lines.length;
  }

  /** What a commit says of them, but for the key of their object. */
  get summary(): Omit<RejectedObject, 'key'> {
    return { count: this.#count, codes: this.#codes, bytes: this.#lines.length, checksum: this.#checksum };
  }
}

function encodeLine({ record, code, reason }: DeadLetter, schemaVersion: number): Uint8Array {
  const { topic, partition, offset, timestamp, key, value, headers } = record;
  const line: DeadLetterLine = {
    topic,
    partition,
    offset,
    timestamp,
    code,
    reason,
    schemaVersion,
    key: base64(key),
    value: base64(value),
    headers: headers.map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]),
  };
  return Buffer.from(`${JSON.stringify(line)}\n`);
}

const base64 = (bytes: Uint8Array | null): string | null => (bytes ? Buffer.from(bytes).toString('base64') : null);
