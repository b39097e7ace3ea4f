/** Dead letters: records that could not become rows, kept whole, with the reason. */
import type { KafkaRecord } from '../ports.ts';

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

/** JSON Lines, in the order given. */
export function encodeDeadLetters(letters: readonly DeadLetter[], schemaVersion: number): Uint8Array {
  const lines = letters.map(({ record, code, reason }): DeadLetterLine => {
    const { topic, partition, offset, timestamp, key, value, headers } = record;
    return {
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
  });
  return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

const base64 = (bytes: Uint8Array | null): string | null => (bytes ? Buffer.from(bytes).toString('base64') : null);
