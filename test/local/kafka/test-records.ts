/** Record batches for tests that need to say more about them than a client lets them. */

import {
  type BatchContent,
  batchHeaderBytes,
  buildBatch,
  readBatchHeader,
} from '../../../pipeline/kafka/record-batch.ts';
import { WireWriter } from '../../../pipeline/kafka/wire-writer.ts';

/** What a test says about a batch. */
export interface TestBatch {
  /** Null is a tombstone. */
  readonly values: readonly (string | null)[];
  /** The same for all records; null is no key. */
  readonly key?: string | null;
  readonly timestamp?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly transactional?: boolean;
}

/** An uncompressed batch with the right checksum. */
export function testBatch(batch: TestBatch): Buffer {
  const { values, key = null, timestamp = Date.now(), producerId = -1, producerEpoch = -1, baseSequence = -1 } = batch;
  return buildBatch({
    baseOffset: 0,
    attributes: batch.transactional ? 0x10 : 0,
    lastOffsetDelta: values.length - 1,
    baseTimestamp: timestamp,
    maxTimestamp: timestamp,
    producerId,
    producerEpoch,
    baseSequence,
    recordCount: values.length,
    records: Buffer.concat(values.map((value, at) => record(at, key, value))),
  });
}

/** The batch with some of its content changed, right or wrong, and a checksum that matches. */
export function changedBatch(batch: Buffer, changes: Partial<BatchContent>): Buffer {
  const header = readBatchHeader(batch);
  if (header === undefined) throw new Error('Cannot change a batch that has no header');
  return buildBatch({ ...header, records: batch.subarray(batchHeaderBytes), ...changes });
}

function record(offsetDelta: number, key: string | null, value: string | null): Buffer {
  const body = new WireWriter(0, false);
  body.int8(0);
  body.varlong(0);
  body.varlong(offsetDelta);
  for (const field of [key, value]) {
    const bytes = field === null ? undefined : Buffer.from(field);
    body.varlong(bytes?.length ?? -1);
    if (bytes !== undefined) body.bytes(bytes);
  }
  body.varlong(0);
  const { buffers, bytes } = body.finish();
  const length = new WireWriter(0, false);
  length.varlong(bytes);
  return Buffer.concat([...length.finish().buffers, ...buffers]);
}
