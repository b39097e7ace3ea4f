/** The records inside a batch: read only to find a time and to compact, never on the way of produce and fetch. */

import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { batchHeaderBytes, buildBatch, readBatchHeader } from './record-batch.ts';
import { WireReader } from './wire-reader.ts';

/** One record; `bytes` is its whole encoding, length included. */
export interface StoredRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly hasValue: boolean;
  readonly bytes: Buffer;
}

/** Offset and time of the first record of `batch` at or after `timestamp` and `startOffset`. */
export function firstRecordAt(
  batch: Buffer,
  timestamp: number,
  startOffset: number,
): { readonly offset: number; readonly timestamp: number } | undefined {
  const header = readBatchHeader(batch);
  if (header === undefined) return undefined;
  const records = readRecords(batch);
  // Compressed with a codec this broker does not know: the batch's first record is the safe answer, never too late.
  if (records === undefined)
    return { offset: Math.max(header.baseOffset, startOffset), timestamp: header.baseTimestamp };
  return records.find((record) => record.timestamp >= timestamp && record.offset >= startOffset);
}

/** The records of a batch; undefined when it is compressed with Snappy or LZ4, which Node cannot read. */
export function readRecords(batch: Buffer): readonly StoredRecord[] | undefined {
  const header = readBatchHeader(batch);
  const content = decompress(batch.subarray(batchHeaderBytes), header?.compression ?? 0);
  if (header === undefined || content === undefined) return undefined;
  const isLogAppendTime = (header.attributes & 0x08) !== 0;
  const reader = new WireReader(content, 0, false);
  return Array.from({ length: header.recordCount }, () => {
    const start = reader.position;
    const end = reader.varlong() + reader.position;
    reader.int8();
    const createTime = header.baseTimestamp + reader.varlong();
    const timestamp = isLogAppendTime ? header.maxTimestamp : createTime;
    const offset = header.baseOffset + reader.varlong();
    const keyLength = reader.varlong();
    const key = keyLength < 0 ? null : reader.bytes(keyLength);
    const hasValue = reader.varlong() >= 0;
    reader.position = end;
    return { offset, timestamp, key, hasValue, bytes: content.subarray(start, end) };
  });
}

/** The same batch with only `kept` of its records, at the same offsets and with the same codec. */
export function withRecords(batch: Buffer, kept: readonly StoredRecord[]): Buffer {
  const header = readBatchHeader(batch);
  if (header === undefined) throw new Error('Cannot rebuild a batch: it has no header');
  const content = Buffer.concat(kept.map(({ bytes }) => bytes));
  return buildBatch({ ...header, recordCount: kept.length, records: compress(content, header.compression) });
}

function compress(content: Buffer, compression: number): Buffer {
  if (compression === 1) return gzipSync(content);
  return compression === 4 ? zstdCompressSync(content) : content;
}

function decompress(content: Buffer, compression: number): Buffer | undefined {
  if (compression === 0) return content;
  if (compression === 1) return gunzipSync(content);
  if (compression === 4) return zstdDecompressSync(content);
  return undefined;
}
