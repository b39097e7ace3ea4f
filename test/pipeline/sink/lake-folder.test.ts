import { jest } from '@jest/globals';
import { parquetMetadata } from 'hyparquet';
import type { CompiledContract } from '../../../pipeline/contract/compiled-contract.ts';
import type { KafkaRecord } from '../../../pipeline/ports.ts';
import { commitLog } from '../../../pipeline/sink/commit-log.ts';
import { type EncodedFile, type RowEncoder, rowEncoder } from '../../../pipeline/sink/row-encoder.ts';
import { sinkPartition } from '../../../pipeline/sink/sink.ts';
import { ORDER_VERSION_ID, orderContract, orderData } from '../ingest/order-events.ts';
import { memoryObjectStore } from '../ports/memory-object-store.ts';
import { rowsOf } from './lake-contents.ts';
import { framed, headers, kafkaRecord } from './order-records.ts';

const partitioned = (...partitionBy: string[]): CompiledContract => ({
  ...orderContract,
  lake: { partitionBy, openPartitionsMax: 3 },
});
const encoder = (...partitionBy: string[]): RowEncoder => rowEncoder(partitioned(...partitionBy), [ORDER_VERSION_ID]);

function files(rows: RowEncoder, records: readonly KafkaRecord[]): Array<Pick<EncodedFile, 'folder' | 'rows'>> {
  for (const record of records) {
    expect(rows.add(record)).toBeUndefined();
  }
  return rows.finish({}).map(({ folder, rows: count }) => ({ folder, rows: count }));
}

const order = (offset: number, changes: object): KafkaRecord =>
  kafkaRecord(offset, { value: framed(orderData(changes)) });
const at = (offset: number, time: string): KafkaRecord => kafkaRecord(offset, { headers: headers({ ce_time: time }) });

test('rowEncoder: partitions by parts of the event time, in UTC', () => {
  expect(
    files(encoder('year', 'month', 'day', 'hour'), [
      at(0, '2026-01-02T03:59:59.999999Z'),
      at(1, '2026-01-02T05:00:00+02:00'),
      at(2, '2026-01-02T04:00:00Z'),
      at(3, '0001-01-01T00:00:00Z'),
    ]),
  ).toEqual([
    { folder: 'year=2026/month=01/day=02/hour=03/', rows: 2 },
    { folder: 'year=2026/month=01/day=02/hour=04/', rows: 1 },
    { folder: 'year=0001/month=01/day=01/hour=00/', rows: 1 },
  ]);
});

test('rowEncoder: the last microsecond of an hour is in its folder, however far from 1970', () => {
  const times = ['1969-12-31T23:59:59.999999Z', '2300-01-01T00:59:59.999999Z', '9999-12-31T23:59:59.999999Z'];
  expect(
    files(
      encoder('year', 'month', 'day', 'hour'),
      times.map((time, offset) => at(offset, time)),
    ),
  ).toEqual([
    { folder: 'year=1969/month=12/day=31/hour=23/', rows: 1 },
    { folder: 'year=2300/month=01/day=01/hour=00/', rows: 1 },
    { folder: 'year=9999/month=12/day=31/hour=23/', rows: 1 },
  ]);
});

test('rowEncoder: partitions by text, enums and 64-bit integers of the payload, safely for keys', () => {
  const numbers = encoder('customer_id', 'channel');
  expect(
    files(numbers, [
      order(0, { customer_id: '9007199254740993' }),
      order(1, { customer_id: '-5', channel: 'APP' }),
      order(2, { customer_id: '9007199254740993' }),
    ]),
  ).toEqual([
    { folder: 'customer_id=9007199254740993/channel=WEB/', rows: 2 },
    { folder: 'customer_id=-5/channel=APP/', rows: 1 },
  ]);
  const texts = encoder('order_id');
  expect(
    files(texts, [order(0, { order_id: 'a/b=ü*' }), order(1, { order_id: '' }), order(2, { order_id: '..' })]),
  ).toEqual([
    { folder: 'order_id=a%2Fb%3D%C3%BC%2A/', rows: 1 },
    { folder: 'order_id=__HIVE_DEFAULT_PARTITION__/', rows: 1 },
    { folder: 'order_id=../', rows: 1 },
  ]);
});

test('rowEncoder: past the limit of open partitions, and for names too long, rows go to overflow together', () => {
  const rows = encoder('order_id');
  const ids = ['a', 'b', 'c', 'd', 'a', 'e', 'x'.repeat(200)];
  const records = ids.map((order_id, offset) => order(offset, { order_id }));
  expect(files(rows, records)).toEqual([
    { folder: 'order_id=a/', rows: 2 },
    { folder: 'order_id=b/', rows: 1 },
    { folder: 'order_id=c/', rows: 1 },
    { folder: 'overflow/', rows: 3 },
  ]);
  // Overflow is none of the folders that are counted, also when it comes first.
  expect(
    files(
      rows,
      [records[6], ...records.slice(0, 4)].filter((record) => record !== undefined),
    ),
  ).toEqual([
    { folder: 'overflow/', rows: 2 },
    { folder: 'order_id=a/', rows: 1 },
    { folder: 'order_id=b/', rows: 1 },
    { folder: 'order_id=c/', rows: 1 },
  ]);
  // The limit is of one commit: the next one begins anew.
  expect(files(rows, [order(9, { order_id: 'd' })])).toEqual([{ folder: 'order_id=d/', rows: 1 }]);
});

test('rowEncoder: writers of many folders are kept for the next window while they are small', () => {
  const compiled = jest.spyOn(globalThis, 'Function');
  const rows = encoder('customer_id');
  /** @returns how many functions were compiled for a window of three folders, with so many rows of 1 MB in each. */
  const compiledFor = (count: number): number => {
    const before = compiled.mock.calls.length;
    const customers = Array.from({ length: 3 * count }, (_, index) => index % 3);
    const order_id = 'x'.repeat(count > 1 ? 1e6 : 1);
    const made = files(
      rows,
      customers.map((customer_id, offset) => order(offset, { customer_id, order_id })),
    );
    expect(made).toHaveLength(3);
    return compiled.mock.calls.length - before;
  };
  const ofThree = compiledFor(1);
  expect(ofThree).toBeGreaterThan(0);
  // 36 MB in three of them are more than may be kept, 24 MB in two are not.
  expect([compiledFor(1), compiledFor(12)]).toEqual([0, 0]);
  const ofOne = compiledFor(1);
  expect([ofOne > 0, ofOne < ofThree / 2]).toEqual([true, true]);
  compiled.mockRestore();
});

test('rowEncoder: row groups that are open together share their memory, so that of many folders each ends earlier', () => {
  const rowGroups = (folders: number): number[] => {
    const rows = encoder('customer_id');
    for (let offset = 0; offset < 33 * folders; offset++) {
      rows.add(order(offset, { customer_id: offset % folders, order_id: `${offset}-${'x'.repeat(9e5)}` }));
    }
    return rows.finish({}).map(({ bytes }) => parquetMetadata(Uint8Array.from(bytes).buffer).row_groups.length);
  };
  expect([rowGroups(1), rowGroups(3)]).toEqual([[1], [2, 2, 2]]);
});

test('rowEncoder: a row that is refused takes no folder', () => {
  const rows = encoder('order_id');
  const refused = ['x', 'y', 'z'].map((order_id, offset) => ({
    ...order(offset, { order_id }),
    headers: headers({ ce_customattributes: '{' }),
  }));
  expect(refused.map((record) => rows.add(record)?.code)).toEqual(Array(3).fill('INVALID_ATTRIBUTE'));
  expect(files(rows, [order(3, { order_id: 'a' }), order(4, { order_id: 'b' }), order(5, { order_id: 'c' })])).toEqual([
    { folder: 'order_id=a/', rows: 1 },
    { folder: 'order_id=b/', rows: 1 },
    { folder: 'order_id=c/', rows: 1 },
  ]);
});

test('rowEncoder: a payload that cannot be read is a dead letter in a partitioned lake too', () => {
  const rows = encoder('order_id', 'year');
  const value = framed(orderData());
  expect(rows.add(kafkaRecord(0, { value: value.subarray(0, value.length - 1) }))).toMatchObject({
    code: 'INVALID_PAYLOAD',
  });
  expect(rows.add(kafkaRecord(1, { timestamp: 9e15, headers: [] }))).toMatchObject({ code: 'INVALID_ATTRIBUTE' });
  expect(rows.finish({})).toEqual([]);
});

test('sinkPartition: a commit names a file for each folder, and together they hold each row once', async () => {
  const lake = memoryObjectStore();
  const rows = encoder('channel');
  const times = ['2026-11-20T12:00:00Z', '2026-11-20T11:00:00Z', '2026-11-20T13:00:00Z'];
  const records = ['WEB', 'APP', 'WEB'].map((channel, offset) => ({
    ...order(offset, { channel }),
    headers: headers({ ce_time: times[offset] ?? '' }),
  }));
  const { commit } = await sinkPartition(records, {
    contract: partitioned('channel'),
    lake,
    log: commitLog(lake),
    rows,
  });
  expect(commit?.files.map(({ key, rows: count }) => [key.replace(/-[0-9a-f]{16}\./, '-*.'), count])).toEqual([
    ['data/channel=WEB/0-0-2-*.parquet', 2],
    ['data/channel=APP/0-0-2-*.parquet', 1],
  ]);
  expect(commit?.eventTime).toEqual({ min: '2026-11-20T11:00:00.000000Z', max: '2026-11-20T13:00:00.000000Z' });
  const stored = commit ? await rowsOf(lake.objects, commit) : [];
  expect(stored.map((row) => [Number(row['_offset']), row['channel']])).toEqual([
    [0, 'WEB'],
    [2, 'WEB'],
    [1, 'APP'],
  ]);
  expect(stored.reduce((sum, row) => sum + Number(row['_checksum']), 0)).toBe(commit?.checksum);
});
