/** What a reader of committed transactions may see of a fetch (KIP-98). */

import { PipelineError, UnknownFormatError } from '../errors.ts';
import { type BatchHeader, batchIsIntact, markerCommits, readBatchHeader } from './record-batch.ts';

/** A partition's part of a fetch. */
export interface FetchedBatches {
  /** Whole batches; the last may be cut off. */
  readonly records: Buffer;
  /** The aborted transactions that have records among them. */
  readonly aborted: ReadonlyArray<{ readonly producerId: number; readonly firstOffset: number }>;
}

const FORMAT = 2;

/** The offset after the last whole batch; undefined when there is none. */
export function offsetAfter(records: Buffer): number | undefined {
  let offset: number | undefined;
  for (const { header } of wholeBatches(records)) offset = header.lastOffset + 1;
  return offset;
}

/**
 * The batches of records, in order, without the markers of transactions and the batches of aborted ones.
 * @throws PipelineError `UNAVAILABLE` for a batch whose checksum does not match; UnknownFormatError for one of before
 * Kafka 0.11.
 */
export function* committedBatches({ records, aborted }: FetchedBatches): Generator<Buffer> {
  const upcoming = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  /** Producers inside an aborted transaction. */
  const aborting = new Set<number>();
  for (const { header, batch } of wholeBatches(records)) {
    if (header.magic !== FORMAT) {
      throw new UnknownFormatError(
        `the batch at offset ${header.baseOffset}`,
        `format ${header.magic} is not ${FORMAT}`,
      );
    }
    if (!batchIsIntact(batch)) {
      const message = `Cannot read the batch at offset ${header.baseOffset}: its checksum does not match`;
      throw new PipelineError('UNAVAILABLE', message, { retryable: true });
    }
    while (upcoming[0] !== undefined && upcoming[0].firstOffset <= header.lastOffset) {
      aborting.add(upcoming[0].producerId);
      upcoming.shift();
    }
    if (header.control) {
      if (!markerCommits(batch)) aborting.delete(header.producerId);
    } else if (!header.transactional || !aborting.has(header.producerId)) {
      yield batch;
    }
  }
}

function* wholeBatches(records: Buffer): Generator<{ readonly header: BatchHeader; readonly batch: Buffer }> {
  for (let at = 0; ; ) {
    const header = readBatchHeader(records, at);
    if (header === undefined || at + header.bytes > records.length) return;
    yield { header, batch: records.subarray(at, at + header.bytes) };
    at += header.bytes;
  }
}
