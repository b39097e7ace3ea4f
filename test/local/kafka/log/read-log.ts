/** Reading all of a log, as a client does. */

import type { PartitionLog } from '../../../../local/kafka/log/partition-log.ts';
import { readRecords } from '../../../../pipeline/kafka/record.ts';
import { readBatchHeader } from '../../../../pipeline/kafka/record-batch.ts';

/** Offset, key and whether it has a value, of every record a reader sees. */
export function readAll(log: PartitionLog): readonly (readonly [number, string | null, boolean])[] {
  const all: (readonly [number, string | null, boolean])[] = [];
  for (let offset = log.startOffset; offset < log.endOffset; ) {
    const { records } = log.read({ offset, bytesMax: 10_000, committedOnly: false, atLeastOne: true });
    if (records.length === 0) return all;
    for (let at = 0; at < records.length; ) {
      const header = readBatchHeader(records, at);
      if (header === undefined) throw new Error('Cannot read a batch of the log');
      for (const record of readRecords(records.subarray(at, at + header.bytes))) {
        if (record.offset >= offset && !header.control) {
          all.push([record.offset, record.key?.toString() ?? null, record.value !== null]);
        }
      }
      at += header.bytes;
      offset = header.lastOffset + 1;
    }
  }
  return all;
}
