/** What a log takes from a producer, where it is stricter than Apache Kafka; the rest is in batch-conformance. */

import { acceptBatch } from '../../../../local/kafka/log/accept-batch.ts';
import { logSettings } from '../../../../local/kafka/topic-config.ts';
import { batchHeaderBytes } from '../../../../pipeline/kafka/record-batch.ts';
import { changedBatch, testBatch } from '../test-records.ts';

const two = testBatch({ values: ['a', 'b'] });
/** The batch with one byte of its second record, of eight, changed. */
function withByte(at: number, value: number): Buffer {
  const records = Buffer.from(two.subarray(batchHeaderBytes));
  records.writeInt8(value, 8 + at);
  return changedBatch(two, { records });
}

const accept = (batch: Buffer) => acceptBatch(batch, logSettings({}), Date.now());

test('acceptBatch takes records whose offsets count up from 0', () => {
  expect(accept(two)).toMatchObject({ recordCount: 2, lastOffsetDelta: 1 });
});

test.each([
  ['the same offset twice', withByte(3, 0)],
  ['an offset beyond its last', withByte(3, 4)],
  ['a negative number of headers', withByte(7, 1)],
  ['a key beyond its end', withByte(4, 120)],
])('acceptBatch refuses a batch that has %s, as the sender’s fault', (_, batch) => {
  expect(() => accept(batch)).toThrow(
    expect.objectContaining({ name: 'KafkaError', message: expect.stringMatching(/^Cannot append: /) }),
  );
});
