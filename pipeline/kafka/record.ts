/** The records inside a batch. */

import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { unlz4 } from './lz4.ts';
import { batchHeaderBytes, buildBatch, compressionMask, logAppendTimeBit, readBatchHeader } from './record-batch.ts';
import { unsnappy } from './snappy.ts';
import { MalformedFrameError, WireReader } from './wire-reader.ts';

/** One record. Its buffers are views of the batch, or of what the batch was decompressed to. */
export interface StoredRecord {
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: ReadonlyArray<readonly [name: string, value: Buffer]>;
  /** Its whole encoding, length included. */
  readonly bytes: Buffer;
}

/** Bounds what a batch of a few kilobytes can make of itself: 128 times the largest message that topics take. */
const decompressedBytesMax = 128 * 1024 * 1024;
const noBytes = Buffer.alloc(0);

/** Offset and time of the first record of `batch` at or after `timestamp` and `startOffset`. */
export function firstRecordAt(
  batch: Buffer,
  timestamp: number,
  startOffset: number,
): { readonly offset: number; readonly timestamp: number } | undefined {
  return readRecords(batch).find((record) => record.timestamp >= timestamp && record.offset >= startOffset);
}

/**
 * The records of a whole batch, whatever its codec.
 * @throws MalformedFrameError when the batch breaks its own encoding; Error of zlib, or RangeError, when it does not
 * decompress.
 */
export function readRecords(batch: Buffer): readonly StoredRecord[] {
  const header = readBatchHeader(batch);
  if (header === undefined) throw new MalformedFrameError('Cannot read records: the batch has no whole header');
  const { baseOffset, baseTimestamp, maxTimestamp, recordCount } = header;
  const hasOneTime = (header.attributes & logAppendTimeBit) !== 0;
  const content = decompress(batch.subarray(batchHeaderBytes, header.bytes), header.compression);
  const reader = new WireReader(content, 0, false);
  const records: StoredRecord[] = [];
  const names: KnownNames = [];
  for (let count = 0; count < recordCount; count++) {
    const start = reader.position;
    const end = reader.varlong() + reader.position;
    // Attributes, of which none is defined.
    reader.int8();
    const createTime = baseTimestamp + reader.varlong();
    const offset = baseOffset + reader.varlong();
    const key = field(reader);
    const value = field(reader);
    const headers = readHeaders(reader, names);
    reader.position = end;
    const timestamp = hasOneTime ? maxTimestamp : createTime;
    records.push({ offset, timestamp, key, value, headers, bytes: content.subarray(start, end) });
  }
  return records;
}

/**
 * Walks the records of a whole batch without keeping any, and tells whether all have a key: each record ends where its
 * length says, their offsets count up from the batch's own, and nothing comes after the last one.
 * @throws Error as `readRecords`.
 */
export function checkRecords(batch: Buffer): { readonly areKeyed: boolean } {
  const header = readBatchHeader(batch);
  if (header === undefined) throw new MalformedFrameError('Cannot check records: the batch has no whole header');
  const content = decompress(batch.subarray(batchHeaderBytes, header.bytes), header.compression);
  const reader = new WireReader(content, 0, false);
  let areKeyed = true;
  for (let at = 0; at < header.recordCount; at++) {
    const end = reader.varlong() + reader.position;
    // Attributes, of which none is defined, and the time.
    reader.int8();
    reader.varlong();
    const offsetDelta = reader.varlong();
    const keyBytes = reader.varlong();
    reader.skip(Math.max(0, keyBytes));
    reader.skip(Math.max(0, reader.varlong()));
    const headers = reader.varlong();
    for (let left = headers; left > 0; left--) {
      reader.skip(reader.varlong());
      reader.skip(Math.max(0, reader.varlong()));
    }
    if (reader.position !== end || offsetDelta !== at || headers < 0) {
      throw new MalformedFrameError(`Cannot read record ${at}: its length, offset or number of headers is wrong`);
    }
    areKeyed &&= keyBytes >= 0;
  }
  if (reader.remaining > 0)
    throw new MalformedFrameError(`Cannot read records: ${reader.remaining} bytes are left over`);
  return { areKeyed };
}

/** The same batch with only `kept` of its records, at the same offsets and, where Node has it, with the same codec. */
export function withRecords(batch: Buffer, kept: readonly StoredRecord[]): Buffer {
  const header = readBatchHeader(batch);
  if (header === undefined) throw new Error('Cannot rebuild a batch: it has no header');
  const content = Buffer.concat(kept.map(({ bytes }) => bytes));
  const compressed = compress(content, header.compression);
  const attributes = compressed === undefined ? header.attributes & ~compressionMask : header.attributes;
  return buildBatch({ ...header, attributes, recordCount: kept.length, records: compressed ?? content });
}

function field(reader: WireReader): Buffer | null {
  const length = reader.varlong();
  return length < 0 ? null : reader.bytes(length);
}

/** The header names of the record before, by their place: they recur, and comparing bytes is cheaper than decoding. */
type KnownNames = Array<{ readonly text: string; readonly bytes: Buffer }>;

function readHeaders(reader: WireReader, known: KnownNames): StoredRecord['headers'] {
  const count = reader.varlong();
  const headers: Array<readonly [string, Buffer]> = [];
  for (let at = 0; at < count; at++) {
    const length = reader.varlong();
    const start = reader.position;
    reader.skip(length);
    let name = known[at];
    if (name === undefined || !hasAt(reader.buffer, start, length, name.bytes)) {
      const bytes = reader.buffer.subarray(start, start + length);
      name = { text: bytes.toString('utf8'), bytes };
      known[at] = name;
    }
    headers.push([name.text, field(reader) ?? noBytes]);
  }
  return headers;
}

function hasAt(buffer: Buffer, start: number, length: number, wanted: Buffer): boolean {
  if (length !== wanted.length) return false;
  for (let at = 0; at < length; at++) if (buffer[start + at] !== wanted[at]) return false;
  return true;
}

/** Undefined for a codec that Node cannot write. */
function compress(content: Buffer, compression: number): Buffer | undefined {
  if (compression === 1) return gzipSync(content);
  if (compression === 4) return zstdCompressSync(content);
  return compression === 0 ? content : undefined;
}

function decompress(content: Buffer, compression: number): Buffer {
  const limit = { maxOutputLength: decompressedBytesMax };
  if (compression === 0) return content;
  if (compression === 1) return gunzipSync(content, limit);
  if (compression === 2) return unsnappy(content);
  if (compression === 3) return unlz4(content);
  if (compression === 4) return zstdDecompressSync(content, limit);
  throw new MalformedFrameError(`Cannot read records: there is no codec ${compression}, 0 to 4 are known`);
}
