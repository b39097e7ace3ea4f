/** Lambda's Kafka event as records, each partition apart. */
import type { MSKEvent, MSKRecord } from 'aws-lambda';
import type { KafkaRecord } from '../../pipeline/ports.ts';

/**
 * The records of each partition, in the order of their offsets, each once: what comes twice in one batch comes so again
 * when the batch is refused.
 */
export function partitionsOf(event: MSKEvent): KafkaRecord[][] {
  return Object.values(event.records).map((records) => {
    const byOffset = new Map(records.map((record) => [record.offset, record]));
    return [...byOffset.values()].map(toRecord).sort((a, b) => a.offset - b.offset);
  });
}

/**
 * Key and value come in base64, header values as arrays of bytes, which may be signed as Java's are; an absent key,
 * value or header value is absent or null.
 */
function toRecord({ topic, partition, offset, timestamp, key, value, headers }: MSKRecord): KafkaRecord {
  return {
    topic,
    partition,
    offset,
    timestamp,
    key: decode(key),
    value: decode(value),
    headers: headers.flatMap((header) =>
      Object.entries(header).map(([name, bytes]): [string, Uint8Array] => [name, Uint8Array.from(bytes ?? [])]),
    ),
  };
}

const decode = (text: string | null | undefined): Uint8Array | null =>
  text === null || text === undefined ? null : Buffer.from(text, 'base64');
