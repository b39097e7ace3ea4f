/** The header of a record batch, format v2 (https://kafka.apache.org/documentation/#recordbatch). */

import { crc32c } from './crc32c.ts';

/** Bytes before a batch's records. */
export const batchHeaderBytes = 61;
/** Bytes of the two fields, offset and length, that `batchLength` does not count. */
const batchPrefixBytes = 12;
const crcStart = 21;
/** Within a marker's only record: after five one-byte fields and the key's version. */
const markerTypeAt = 7;
/** The bits of a batch's attributes that are its codec: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
export const compressionMask = 0x07;
/** The bit that says that all records have the time of the append, `maxTimestamp`. */
export const logAppendTimeBit = 0x08;
const transactionalBit = 0x10;
const controlBit = 0x20;

/** A batch's header; offsets and timestamps are exact up to 2^53. */
export interface BatchHeader {
  readonly baseOffset: number;
  /** Of the whole batch, header included. */
  readonly bytes: number;
  readonly magic: number;
  readonly crc: number;
  readonly attributes: number;
  readonly lastOffset: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  readonly compression: number;
  readonly transactional: boolean;
  readonly control: boolean;
}

/** The header at `at`, or undefined when fewer than `batchHeaderBytes` are left or its length cannot be. */
export function readBatchHeader(buffer: Buffer, at = 0): BatchHeader | undefined {
  if (buffer.length - at < batchHeaderBytes) return undefined;
  const bytes = batchPrefixBytes + buffer.readInt32BE(at + 8);
  if (bytes < batchHeaderBytes) return undefined;
  const baseOffset = readInt64(buffer, at);
  const attributes = buffer.readInt16BE(at + 21);
  const lastOffsetDelta = buffer.readInt32BE(at + 23);
  return {
    baseOffset,
    bytes,
    magic: buffer.readInt8(at + 16),
    crc: buffer.readUInt32BE(at + 17),
    attributes,
    lastOffset: baseOffset + lastOffsetDelta,
    lastOffsetDelta,
    baseTimestamp: readInt64(buffer, at + 27),
    maxTimestamp: readInt64(buffer, at + 35),
    producerId: readInt64(buffer, at + 43),
    producerEpoch: buffer.readInt16BE(at + 51),
    baseSequence: buffer.readInt32BE(at + 53),
    recordCount: buffer.readInt32BE(at + 57),
    compression: attributes & compressionMask,
    transactional: (attributes & transactionalBit) !== 0,
    control: (attributes & controlBit) !== 0,
  };
}

/** Whether the batch's bytes, header included, match its checksum. */
export function batchIsIntact(batch: Buffer): boolean {
  return batch.length >= batchHeaderBytes && crc32c(batch.subarray(crcStart)) === batch.readUInt32BE(17);
}

/** Gives the batch its place in the log, in place: both fields lie outside the checksum. */
export function placeBatch(batch: Buffer, baseOffset: number): void {
  batch.writeBigInt64BE(BigInt(baseOffset), 0);
  batch.writeInt32BE(0, 12);
}

/** Stamps the batch with the broker's time (`message.timestamp.type=LogAppendTime`), in place; renews the checksum. */
export function stampBatch(batch: Buffer, timestamp: number): void {
  batch.writeInt16BE(batch.readInt16BE(21) | logAppendTimeBit, 21);
  batch.writeBigInt64BE(BigInt(timestamp), 35);
  batch.writeUInt32BE(crc32c(batch.subarray(crcStart)), 17);
}

/** What a new batch says besides its records. */
export interface BatchContent {
  readonly baseOffset: number;
  readonly attributes: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
  /** Already compressed as `attributes` says. */
  readonly records: Buffer;
}

/** Builds a batch with its checksum. */
export function buildBatch(content: BatchContent): Buffer {
  const batch = Buffer.alloc(batchHeaderBytes + content.records.length);
  batch.writeInt32BE(batch.length - batchPrefixBytes, 8);
  batch.writeInt8(2, 16);
  batch.writeInt16BE(content.attributes, 21);
  batch.writeInt32BE(content.lastOffsetDelta, 23);
  batch.writeBigInt64BE(BigInt(content.baseTimestamp), 27);
  batch.writeBigInt64BE(BigInt(content.maxTimestamp), 35);
  batch.writeBigInt64BE(BigInt(content.producerId), 43);
  batch.writeInt16BE(content.producerEpoch, 51);
  batch.writeInt32BE(content.baseSequence, 53);
  batch.writeInt32BE(content.recordCount, 57);
  content.records.copy(batch, batchHeaderBytes);
  placeBatch(batch, content.baseOffset);
  batch.writeUInt32BE(crc32c(batch.subarray(crcStart)), 17);
  return batch;
}

/** The control batch that ends a producer's transaction in one partition. */
export function buildMarker(producerId: number, producerEpoch: number, committed: boolean, timestamp: number): Buffer {
  // Every varint here fits a byte and is zigzag, hence the doubled numbers.
  const key = [4 * 2, 0, 0, 0, committed ? 1 : 0];
  const versionAndCoordinatorEpoch = [6 * 2, 0, 0, 0, 0, 0, 0];
  const noHeaders = 0;
  const [attributes, timestampDelta, offsetDelta] = [0, 0, 0];
  const body = [attributes, timestampDelta, offsetDelta, ...key, ...versionAndCoordinatorEpoch, noHeaders];
  const record = Buffer.from([body.length * 2, ...body]);
  return buildBatch({
    baseOffset: 0,
    attributes: transactionalBit | controlBit,
    lastOffsetDelta: 0,
    baseTimestamp: timestamp,
    maxTimestamp: timestamp,
    producerId,
    producerEpoch,
    baseSequence: -1,
    recordCount: 1,
    records: record,
  });
}

/** Whether a control batch commits; only meaningful for markers, which are never compressed. */
export function markerCommits(batch: Buffer): boolean {
  return batch.readInt16BE(batchHeaderBytes + markerTypeAt) === 1;
}

function readInt64(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * 0x1_0000_0000 + buffer.readUInt32BE(at + 4);
}
