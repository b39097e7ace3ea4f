/** What is left of a fetch; the whole of it is in the suite of the topic reader. */
import { committedBatches, offsetAfter } from '../../../pipeline/kafka/committed-batches.ts';
import { readRecords } from '../../../pipeline/kafka/record.ts';
import { buildMarker, placeBatch } from '../../../pipeline/kafka/record-batch.ts';
import { testBatch } from '../../local/kafka/test-records.ts';

const PRODUCER = 7;

/** Batches one after the other from offset 10 on; a marker takes one offset. */
function log(batches: readonly { readonly batch: Buffer; readonly count: number }[]): Buffer {
  let offset = 10;
  for (const { batch, count } of batches) {
    placeBatch(batch, offset);
    offset += count;
  }
  return Buffer.concat(batches.map(({ batch }) => batch));
}

const data = (values: readonly string[], producerId = -1) => ({
  batch: testBatch({ values, producerId, transactional: producerId >= 0 }),
  count: values.length,
});
const marker = (committed: boolean) => ({ batch: buildMarker(PRODUCER, 0, committed, 0), count: 1 });

function valuesOf(records: Buffer, aborted: Parameters<typeof committedBatches>[0]['aborted'] = []) {
  return [...committedBatches({ records, aborted })].flatMap((batch) =>
    readRecords(batch).map(({ offset, value }) => `${offset} ${value}`),
  );
}

test('committedBatches: leaves an aborted transaction out and the producer’s next one in', () => {
  const records = log([data(['a'], PRODUCER), marker(false), data(['b'], PRODUCER), marker(true), data(['c'])]);
  expect(valuesOf(records, [{ producerId: PRODUCER, firstOffset: 10 }])).toEqual(['12 b', '14 c']);
  expect(valuesOf(records, [{ producerId: PRODUCER, firstOffset: 12 }])).toEqual(['10 a', '14 c']);
  expect(valuesOf(records)).toEqual(['10 a', '12 b', '14 c']);
});

test('committedBatches: an aborted transaction may have begun before the fetch', () => {
  const records = log([data(['a'], PRODUCER), data(['b'], PRODUCER + 1), marker(false), data(['c'], PRODUCER)]);
  expect(valuesOf(records, [{ producerId: PRODUCER, firstOffset: 3 }])).toEqual(['11 b', '13 c']);
});

test('committedBatches: passes over a batch that was cut off, and offsetAfter stops before it', () => {
  const records = log([data(['a', 'b']), data(['c'])]);
  const cut = records.subarray(0, -1);
  expect(valuesOf(cut)).toEqual(['10 a', '11 b']);
  expect([offsetAfter(records), offsetAfter(cut), offsetAfter(cut.subarray(0, 20))]).toEqual([13, 12, undefined]);
});

test('committedBatches: refuses a batch that does not match its checksum', () => {
  const records = log([data(['a']), data(['b'])]);
  records.writeUInt8(records.readUInt8(records.length - 1) ^ 1, records.length - 1);
  const message = 'Cannot read the batch at offset 11: its checksum does not match';
  expect(() => valuesOf(records)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE', message }));
});

test('committedBatches: refuses the format of before Kafka 0.11', () => {
  const records = log([data(['a'])]);
  records.writeInt8(1, 16);
  expect(() => valuesOf(records)).toThrow(expect.objectContaining({ code: 'UNKNOWN_FORMAT' }));
});
