import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { jest } from '@jest/globals';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { CompiledContract } from '../../../pipeline/contract/compiled-contract.ts';
import type { KafkaRecord } from '../../../pipeline/ports.ts';
import { type RowEncoder, rowEncoder } from '../../../pipeline/sink/row-encoder.ts';
import { ORDER_VERSION_ID, orderContract, orderData } from '../ingest/order-events.ts';
import { evolvedOrder, SECOND_VERSION_ID } from './evolved-order.ts';
import { encode, framed, headers, INGESTED_AT, kafkaRecord } from './order-records.ts';

let folder: string;
let evolved: CompiledContract;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-rows-'));
  evolved = await evolvedOrder(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const encoder = (): RowEncoder => rowEncoder(orderContract, [ORDER_VERSION_ID]);

async function duckdbRows(bytes: Uint8Array): Promise<unknown[]> {
  const path = join(folder, 'rows.parquet');
  await writeFile(path, bytes);
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const result = await connection.runAndReadAll(`SET TimeZone = 'UTC'; SELECT * FROM '${path}'`);
  const rows = result.getRowObjectsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

/** The code and reason of the one dead letter that the record becomes; undefined when it becomes a row. */
function letter(changes: Partial<KafkaRecord>): string | undefined {
  const { file, letters } = encode(encoder(), [kafkaRecord(0, changes)]);
  expect(letters.length + (file?.rows ?? 0)).toBe(1);
  return letters[0] && `${letters[0].code}: ${letters[0].reason}`;
}

const FULL = {
  order_id: 'größe',
  customer_id: '9007199254740993',
  placed_at: '2026-11-20T12:30:00.123456Z',
  channel: 'APP',
  items: [
    { sku: 'a', quantity: 4_294_967_295, price_cents: '-9223372036854775808' },
    { sku: '', quantity: 0, price_cents: '9223372036854775807' },
  ],
  coupon: '',
  labels: { x: '1', 'ü"': '' },
};

test('rowEncoder: DuckDB reads back every value exactly, with integers beyond 2^53, microseconds, lists and maps', async () => {
  const all = headers({
    ce_id: 'e',
    ce_type: 'order_created',
    ce_source: '/s',
    ce_time: '2026-11-20T12:30:00.1234567+01:00',
    ce_customattributes: '{"a": 1}',
  });
  const { file, letters } = encode(encoder(), [
    kafkaRecord(2 ** 40, { partition: 2, value: framed(FULL), headers: all }),
    kafkaRecord(2 ** 40 + 1, { partition: 2, headers: [] }),
  ]);
  expect(letters).toEqual([]);
  expect(await duckdbRows(file?.bytes ?? new Uint8Array())).toEqual([
    {
      _partition: 2,
      _offset: '1099511627776',
      _id: 'e',
      _source: '/s',
      _time: '2026-11-20 11:30:00.123456+00',
      _ingested_at: '2026-11-20 12:00:01+00',
      _schema_version: 1,
      _custom_attributes: '{"a": 1}',
      _checksum: crc32(framed(FULL)) | 0,
      order_id: 'größe',
      customer_id: '9007199254740993',
      placed_at: '2026-11-20 12:30:00.123456+00',
      channel: 'APP',
      items: FULL.items,
      coupon: '',
      labels: [
        { key: 'x', value: '1' },
        { key: 'ü"', value: '' },
      ],
    },
    {
      _partition: 2,
      _offset: '1099511627777',
      _id: 'order_created-2-1099511627777',
      _source: null,
      _time: '2026-11-20 12:00:01+00',
      _ingested_at: '2026-11-20 12:00:01+00',
      _schema_version: 1,
      _custom_attributes: null,
      _checksum: crc32(framed(orderData())) | 0,
      order_id: 'o-1',
      customer_id: '7',
      placed_at: '2026-11-20 11:59:59.123456+00',
      channel: 'WEB',
      items: [],
      coupon: null,
      labels: [],
    },
  ]);
});

test('rowEncoder: hyparquet reads the same, independently', async () => {
  const { file } = encode(encoder(), [kafkaRecord(0, { value: framed(FULL) })]);
  const bytes = Uint8Array.from(file?.bytes ?? []);
  const [row] = await parquetReadObjects({ file: bytes.buffer, compressors });
  expect(row).toMatchObject({
    _offset: 0n,
    customer_id: 9007199254740993n,
    items: [
      { sku: 'a', quantity: 4_294_967_295, price_cents: -9223372036854775808n },
      { sku: '', quantity: 0, price_cents: 9223372036854775807n },
    ],
    coupon: '',
  });
});

test('rowEncoder: rows of two schema versions share a file, and what the older one lacks is null', async () => {
  const rows = rowEncoder(evolved, [ORDER_VERSION_ID, SECOND_VERSION_ID]);
  const item = { sku: 'a', quantity: 1, price_cents: 5 };
  const newer = orderData({ items: [{ ...item, gift: true }], note: 'ring twice' });
  const { file, letters } = encode(rows, [
    kafkaRecord(0, { value: framed(orderData({ items: [item] })) }),
    kafkaRecord(1, { value: framed(newer, SECOND_VERSION_ID, evolved) }),
    kafkaRecord(2, { value: framed(orderData({ items: [item] }), ORDER_VERSION_ID.toUpperCase()) }),
  ]);
  expect(letters).toEqual([]);
  const old = { _schema_version: 1, note: null, items: [{ ...item, price_cents: '5', gift: null }] };
  expect(await duckdbRows(file?.bytes ?? new Uint8Array())).toMatchObject([
    old,
    { _schema_version: 2, note: 'ring twice', items: [{ ...item, price_cents: '5', gift: true }] },
    old,
  ]);
});

test('rowEncoder: reads payloads behind Confluent’s framing by the newest version', () => {
  const payload = framed(orderData()).subarray(18);
  expect(letter({ value: Buffer.concat([Buffer.from([0, 0, 0, 0, 42, 0]), payload]) })).toBeUndefined();
});

test('rowEncoder: a record that cannot be read is a dead letter with its code and reason', () => {
  const glue = framed(orderData());
  expect(letter({ value: null })).toMatch(/^NULL_VALUE: /);
  expect(letter({ value: new Uint8Array() })).toMatch(/^UNKNOWN_FRAMING: /);
  expect(letter({ value: Buffer.from('{"order_id":"o"}') })).toMatch(/^UNKNOWN_FRAMING: /);
  expect(letter({ value: glue.subarray(0, 17) })).toMatch(/^UNKNOWN_FRAMING: .*18 bytes/);
  expect(letter({ value: Buffer.from([3, 5, ...glue.subarray(2)]) })).toMatch(/^UNKNOWN_FRAMING: .*compression 5/);
  expect(letter({ value: framed(orderData(), SECOND_VERSION_ID) })).toMatch(/^UNKNOWN_SCHEMA_VERSION: /);
  expect(letter({ value: glue.subarray(0, glue.length - 1) })).toMatch(/^INVALID_PAYLOAD: /);
  expect(letter({ value: glue.subarray(0, 18) })).toBe('INVALID_PAYLOAD: placed_at: a message is required');
  expect(letter({ headers: headers({ ce_type: 'flight_departed' }) })).toMatch(/^WRONG_EVENT_TYPE: /);
  expect(letter({ headers: headers({ ce_time: 'yesterday' }) })).toMatch(/^INVALID_ATTRIBUTE: the header ce_time/);
  expect(letter({ headers: headers({ ce_customattributes: '{' }) })).toBe(
    'INVALID_ATTRIBUTE: _custom_attributes: JSON text is required',
  );
  expect(letter({ headers: headers({ ce_customattributes: '{"a":"\\ud800"}' }) })).toBe(
    'INVALID_ATTRIBUTE: _custom_attributes: JSON text is required',
  );
  expect(letter({ headers: [['ce_id', Uint8Array.of(0xc3, 0x28)]] })).toBe(
    'INVALID_ATTRIBUTE: the header ce_id is not UTF-8',
  );
});

test.each([-1e15, 9e15, Number.MAX_SAFE_INTEGER, Number.NaN])(
  'rowEncoder: a Kafka timestamp of %d is bad data, not a crash',
  (timestamp) => {
    expect(letter({ timestamp, headers: [] })).toMatch(/^INVALID_ATTRIBUTE: _time: /);
    expect(letter({ timestamp })).toMatch(/^INVALID_ATTRIBUTE: _ingested_at: /);
  },
);

test('rowEncoder: tells the smallest and largest event time to the microsecond, also before 1970 and after 2255', () => {
  const at = (offset: number, time: string) => kafkaRecord(offset, { headers: headers({ ce_time: time }) });
  const timeOf = (...times: string[]) =>
    encode(
      encoder(),
      times.map((time, index) => at(index, time)),
    ).file?.timeMicros;
  expect(timeOf('2026-11-20T12:00:00.000001Z', '2026-11-20T12:00:00.999999Z', '2026-11-20T12:00:00.5Z')).toEqual({
    min: 1_795_176_000_000_001,
    max: 1_795_176_000_999_999,
  });
  expect(timeOf('9999-12-31T23:59:59.999999Z', '1969-12-31T23:59:59.999999Z', '0001-01-01T00:00:00Z')).toEqual({
    min: -62_135_596_800_000_000n,
    max: 253_402_300_799_999_999n,
  });
});

test('rowEncoder: a file’s checksum and times are those of its own rows', () => {
  const rows = encoder();
  const { file: first } = encode(rows, [kafkaRecord(0), kafkaRecord(1)]);
  const { file: second } = encode(rows, [kafkaRecord(2, { headers: headers({ ce_time: '2027-01-01T00:00:00Z' }) })]);
  expect(first?.checksum).toBe(2 * (crc32(framed(orderData())) | 0));
  expect(second?.checksum).toBe(crc32(framed(orderData())) | 0);
  expect(second?.timeMicros).toEqual({ min: Date.UTC(2027, 0) * 1000, max: Date.UTC(2027, 0) * 1000 });
});

test('rowEncoder: after an exception the next file holds its own rows only', () => {
  const rows = encoder();
  const poisoned = {
    ...kafkaRecord(1),
    get value(): never {
      throw new Error('out of memory');
    },
  };
  expect(() => encode(rows, [kafkaRecord(0), poisoned])).toThrow('out of memory');
  rows.reset();
  expect(encode(rows, [kafkaRecord(2)]).file?.rows).toBe(1);
});

test('rowEncoder: writers are warm from window to window, and a reset does not change that', () => {
  const compiled = jest.spyOn(globalThis, 'Function');
  const rows = encoder();
  encode(rows, [kafkaRecord(0)]);
  const before = compiled.mock.calls.length;
  expect(before).toBeGreaterThan(0);
  rows.reset();
  encode(rows, [kafkaRecord(1)]);
  expect(compiled.mock.calls.length).toBe(before);
  compiled.mockRestore();
});

test('rowEncoder: needs a registry id for each schema version', () => {
  expect(() => rowEncoder(orderContract, [])).toThrow('there are 0 schema version ids for 1 versions');
});

test('rowEncoder: the ingestion time is Kafka’s', async () => {
  const { file } = encode(encoder(), [kafkaRecord(0)]);
  const [row] = await parquetReadObjects({ file: Uint8Array.from(file?.bytes ?? []).buffer, compressors });
  expect(row).toMatchObject({ _ingested_at: new Date(INGESTED_AT) });
});

test('rowEncoder: a Bloom filter tells DuckDB which keys are not in the file', async () => {
  const keys = Array.from({ length: 200 }, (_, i) => `o-${i}`);
  const records = keys.map((key, i) => kafkaRecord(i, { value: framed(orderData({ order_id: key })) }));
  const { file } = encode(encoder(), records);
  const path = join(folder, 'bloom.parquet');
  await writeFile(path, file?.bytes ?? new Uint8Array());
  const connection = await (await DuckDBInstance.create()).connect();
  const isExcluded = async (key: string) => {
    const probe = `select bloom_filter_excludes from parquet_bloom_probe('${path}', 'order_id', '${key}')`;
    return (await connection.runAndReadAll(probe)).getRows()[0]?.[0];
  };
  expect(await Promise.all(keys.map(isExcluded))).toEqual(keys.map(() => false));
  const others = await Promise.all(keys.map((key) => isExcluded(`other-${key}`)));
  expect(others.filter((excluded) => excluded === true).length).toBeGreaterThan(180);
  connection.closeSync();
});
