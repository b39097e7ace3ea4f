/** What a log takes from a producer. */

import { KafkaError } from '../../../pipeline/kafka/error-code.ts';
import { checkRecords } from '../../../pipeline/kafka/record.ts';
import { type BatchHeader, batchIsIntact, readBatchHeader } from '../../../pipeline/kafka/record-batch.ts';
import type { LogSettings } from './log-settings.ts';

/**
 * Checks the records that a producer sent for one partition: one intact data batch that the topic allows.
 * @throws KafkaError for what Kafka refuses.
 */
export function acceptBatch(records: Buffer, settings: LogSettings, now: number): BatchHeader {
  const header = readBatchHeader(records);
  if (header === undefined || header.bytes > records.length || header.magic !== 2) {
    throw new KafkaError('corruptMessage', 'Cannot append: not a whole record batch of format v2');
  }
  if (header.bytes !== records.length || header.control) {
    throw new KafkaError('invalidRecord', 'Cannot append: a produce request carries one data batch for a partition');
  }
  const { maxMessageBytes, compacts } = settings;
  if (header.bytes > maxMessageBytes) {
    throw new KafkaError(
      'messageTooLarge',
      `Cannot append ${header.bytes} bytes: at most ${maxMessageBytes} are allowed`,
    );
  }
  checkNumbers(header);
  if (!settings.logAppendTime) checkTimestamps(header, settings, now);
  if (!batchIsIntact(records)) throw new KafkaError('corruptMessage', 'Cannot append: the checksum does not match');
  if (!inspect(records).areKeyed && compacts) {
    throw new KafkaError('invalidRecord', 'Compacted topic cannot accept message without key');
  }
  return header;
}

function checkNumbers({ recordCount, lastOffsetDelta, producerId, baseSequence }: BatchHeader): void {
  if (recordCount <= 0 || recordCount !== lastOffsetDelta + 1) {
    const reason = `${recordCount} records cannot have ${lastOffsetDelta + 1} offsets`;
    throw new KafkaError('invalidRecord', `Cannot append: ${reason}`);
  }
  if (producerId >= 0 && baseSequence < 0) {
    throw new KafkaError('invalidRecord', `Cannot append: ${baseSequence} is no sequence number of a producer`);
  }
}

/** Whatever breaks while records are decoded, in a codec or in their own encoding, is the fault of who sent them. */
function inspect(records: Buffer): { readonly areKeyed: boolean } {
  try {
    return checkRecords(records);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KafkaError('invalidRecord', `Cannot append: ${reason}`);
  }
}

function checkTimestamps({ baseTimestamp, maxTimestamp }: BatchHeader, settings: LogSettings, now: number): void {
  const isEarly = maxTimestamp - now > settings.timestampAfterMaxMs;
  const isLate = baseTimestamp >= 0 && now - baseTimestamp > settings.timestampBeforeMaxMs;
  if (isEarly || isLate) {
    throw new KafkaError('invalidTimestamp', `Cannot append: timestamp ${maxTimestamp} is too far from ${now}`);
  }
}
