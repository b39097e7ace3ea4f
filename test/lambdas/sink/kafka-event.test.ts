import type { MSKEvent } from 'aws-lambda';
import { partitionsOf } from '../../../lambdas/sink/kafka-event.ts';

/** As Lambda documents it ("Using Lambda with Amazon MSK"), with what its types leave out: absent keys, null values. */
const event = (records: object): MSKEvent =>
  ({
    eventSource: 'aws:kafka',
    eventSourceArn: 'arn:aws:kafka:us-east-1:123456789012:cluster/headrace/1',
    bootstrapServers: 'b-1:9098',
    records,
  }) as MSKEvent;

const record = (offset: number, changes: object = {}): object => ({
  topic: 'order_created',
  partition: 0,
  offset,
  timestamp: 1_545_084_650_987,
  timestampType: 'CREATE_TIME',
  key: Buffer.from('k').toString('base64'),
  value: Buffer.from([0, 255]).toString('base64'),
  headers: [{ ce_id: [104, 105] }],
  ...changes,
});

test('partitionsOf: gives each partition’s records in the order of their offsets', () => {
  const partitions = partitionsOf(
    event({ 'order_created-0': [record(11), record(9), record(10)], 'order_created-1': [record(3, { partition: 1 })] }),
  );
  expect(partitions.map((records) => records.map(({ partition, offset }) => [partition, offset]))).toEqual([
    [
      [0, 9],
      [0, 10],
      [0, 11],
    ],
    [[1, 3]],
  ]);
  expect(partitions[0]?.[0]).toEqual({
    topic: 'order_created',
    partition: 0,
    offset: 9,
    timestamp: 1_545_084_650_987,
    key: Buffer.from('k'),
    value: Buffer.from([0, 255]),
    headers: [['ce_id', Uint8Array.of(104, 105)]],
  });
});

test('partitionsOf: gives a record that comes twice in a batch once', () => {
  const [records] = partitionsOf(event({ 'order_created-0': [record(9), record(10), record(9), record(10)] }));
  expect(records?.map(({ offset }) => offset)).toEqual([9, 10]);
});

test('partitionsOf: an absent key and a null value are null, and empty ones are empty', () => {
  const [records] = partitionsOf(
    event({ p: [record(0, { key: undefined, value: null }), record(1, { key: '', value: '' })] }),
  );
  expect(records?.map(({ key, value }) => [key?.length, value?.length])).toEqual([
    [undefined, undefined],
    [0, 0],
  ]);
});

test('partitionsOf: headers keep order and repetitions, signed bytes are bytes, and a null value is empty', () => {
  const headers = [{ a: [1] }, { b: [-61, -68] }, { a: [2] }, { c: null }, { d: [] }];
  const [records] = partitionsOf(event({ p: [record(0, { headers })] }));
  expect(records?.[0]?.headers.map(([name, bytes]) => [name, [...bytes]])).toEqual([
    ['a', [1]],
    ['b', [0xc3, 0xbc]],
    ['a', [2]],
    ['c', []],
    ['d', []],
  ]);
});
