import { randomBytes } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { QUEUED_RECORD_BYTES_MAX } from '../../../pipeline/ingest/limits.ts';
import type { EventProducer, OutgoingRecord } from '../../../pipeline/ports.ts';
import { packRecords, unpackRecords } from '../../../pipeline/relay/relay-message.ts';
import { relayMessages } from '../../../pipeline/relay/relay-messages.ts';

const SQS_MESSAGE_BYTES_MAX = 1024 * 1024;

const record = (id: string, more: Partial<OutgoingRecord> = {}): OutgoingRecord => ({
  topic: 'order_created',
  partition: 2,
  key: null,
  value: Buffer.from(`value of ${id}`),
  headers: { ce_id: id, trace: Uint8Array.of(0, 255) },
  timestamp: 1_795_000_000_000,
  ...more,
});

test('unpackRecords gives back what packRecords took: keys, bytes of headers, empty values', () => {
  const records = [record('a'), record('b', { key: Buffer.from('ü') }), record('c', { value: new Uint8Array(0) })];
  const [message, ...more] = packRecords(records);
  expect(more).toEqual([]);
  expect(message?.indexes).toEqual([0, 1, 2]);
  expect(unpackRecords(message?.body ?? '')).toEqual(
    records.map(({ key, value, headers, ...rest }) => ({
      ...rest,
      key: key && Buffer.from(key),
      value: Buffer.from(value),
      headers: { ...headers, trace: Buffer.from([0, 255]) },
    })),
  );
});

test('packRecords keeps every message below what SQS takes, for records that do not compress', () => {
  const sizes = [QUEUED_RECORD_BYTES_MAX, 300_000, 300_000, 1, QUEUED_RECORD_BYTES_MAX];
  const messages = packRecords(sizes.map((bytes, index) => record(`${index}`, { value: randomBytes(bytes) })));
  expect(messages.flatMap(({ indexes }) => indexes)).toEqual([0, 1, 2, 3, 4]);
  expect(messages.length).toBeLessThanOrEqual(4);
  for (const { body } of messages) {
    expect(body.length).toBeLessThanOrEqual(SQS_MESSAGE_BYTES_MAX);
  }
});

test('packRecords makes no message of nothing', () => {
  expect(packRecords([])).toEqual([]);
});

const messageOf = (id: string, ...records: OutgoingRecord[]) => ({ id, body: packRecords(records)[0]?.body ?? '' });

/** A producer that fails on the records whose id is given. */
function producer(failing: readonly unknown[] = []): EventProducer & { calls: OutgoingRecord[][] } {
  const calls: OutgoingRecord[][] = [];
  return {
    calls,
    async produce(records) {
      calls.push([...records]);
      return records.map(({ headers }, offset) =>
        failing.includes(headers['ce_id']) ? { error: new Error('no broker') } : { offset },
      );
    },
  };
}

test('relayMessages writes the records of all messages in one call', async () => {
  const kafka = producer();
  const messages = [messageOf('m1', record('a'), record('b')), messageOf('m2', record('c'))];
  expect(await relayMessages(messages, kafka)).toEqual({ relayed: 3, failures: [] });
  expect(kafka.calls.map((records) => records.map(({ headers }) => headers['ce_id']))).toEqual([['a', 'b', 'c']]);
});

test('relayMessages fails the message of a record that was not stored, and no other', async () => {
  const messages = [
    messageOf('m1', record('a')),
    messageOf('m2', record('b'), record('c')),
    messageOf('m3', record('d')),
  ];
  expect(await relayMessages(messages, producer(['c']))).toEqual({
    relayed: 2,
    failures: [{ id: 'm2', error: new Error('no broker') }],
  });
});

test.each([
  ['text', 'hello'],
  ['a newer format', zstdCompressSync('{"format":2,"records":[]}').toString('base64')],
])('relayMessages fails a message that is %s, without calling Kafka for it', async (_, body) => {
  const kafka = producer();
  const { failures } = await relayMessages([{ id: 'm1', body }], kafka);
  expect(failures).toEqual([
    { id: 'm1', error: expect.objectContaining({ name: 'UnknownFormatError', retryable: false }) },
  ]);
  expect(kafka.calls).toEqual([]);
});
