import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import protobuf from 'protobufjs';
import type { Column } from '../../../pipeline/contract/column.ts';
import { compileProto } from '../../../pipeline/contract/compile-proto.ts';
import type { MessageType } from '../../../pipeline/contract/message.ts';
import { messageColumns } from '../../../pipeline/contract/message-columns.ts';
import { ParquetWriter } from '../../../pipeline/parquet/parquet-writer.ts';
import { compileProtobufReader } from '../../../pipeline/protobuf/protobuf-reader.ts';

const SOURCE = `
  syntax = "proto3";
  message Money { int64 units = 1; sint32 nanos = 2; }
  message Item { string sku = 1; uint32 quantity = 2; Money price = 3; }
  enum Status { UNKNOWN = 0; NEW = 1; PAID = 2; }
  message Order {
    string id = 1;
    repeated Item items = 2;
    Status status = 3;
    optional double discount = 4;
    map<string, string> labels = 5;
    repeated int32 codes = 6;
    Money total = 7;
    oneof payment { string card = 8; bool cash = 9; }
  }`;
const Order = protobuf.parse(SOURCE, { keepCase: true }).root.lookupType('Order');

const money: MessageType = {
  name: 'Money',
  fields: [
    { name: 'units', jsonName: 'units', number: 1, cardinality: 'required', type: { kind: 'scalar', scalar: 'int64' } },
    {
      name: 'nanos',
      jsonName: 'nanos',
      number: 2,
      cardinality: 'required',
      type: { kind: 'scalar', scalar: 'sint32' },
    },
  ],
};
const item: MessageType = {
  name: 'Item',
  fields: [
    { name: 'sku', jsonName: 'sku', number: 1, cardinality: 'required', type: { kind: 'scalar', scalar: 'string' } },
    {
      name: 'quantity',
      jsonName: 'quantity',
      number: 2,
      cardinality: 'required',
      type: { kind: 'scalar', scalar: 'uint32' },
    },
    { name: 'price', jsonName: 'price', number: 3, cardinality: 'required', type: { kind: 'message', message: money } },
  ],
};
const order: MessageType = {
  name: 'Order',
  fields: [
    { name: 'id', jsonName: 'id', number: 1, cardinality: 'required', type: { kind: 'scalar', scalar: 'string' } },
    { name: 'items', jsonName: 'items', number: 2, cardinality: 'repeated', type: { kind: 'message', message: item } },
    {
      name: 'status',
      jsonName: 'status',
      number: 3,
      cardinality: 'required',
      type: { kind: 'enum', enum: { name: 'Status', values: { UNKNOWN: 0, NEW: 1, PAID: 2 } } },
    },
    {
      name: 'discount',
      jsonName: 'discount',
      number: 4,
      cardinality: 'optional',
      type: { kind: 'scalar', scalar: 'double' },
    },
    {
      name: 'labels',
      jsonName: 'labels',
      number: 5,
      cardinality: 'map',
      mapKey: 'string',
      type: { kind: 'scalar', scalar: 'string' },
    },
    { name: 'codes', jsonName: 'codes', number: 6, cardinality: 'repeated', type: { kind: 'scalar', scalar: 'int32' } },
    { name: 'total', jsonName: 'total', number: 7, cardinality: 'required', type: { kind: 'message', message: money } },
    {
      name: 'card',
      jsonName: 'card',
      number: 8,
      cardinality: 'optional',
      oneof: 'payment',
      type: { kind: 'scalar', scalar: 'string' },
    },
    {
      name: 'cash',
      jsonName: 'cash',
      number: 9,
      cardinality: 'optional',
      oneof: 'payment',
      type: { kind: 'scalar', scalar: 'bool' },
    },
  ],
};

const OFFSET: Column = { name: '_offset', type: { kind: 'int', bits: 64, signed: true }, nullable: false };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-protobuf-'));
});
afterAll(() => rm(folder, { recursive: true }));

function orderWriter() {
  const writer = new ParquetWriter([OFFSET, ...messageColumns(order)]);
  const read = compileProtobufReader(order, writer.columns.slice(1));
  return { writer, append: (offset: number, bytes: Uint8Array) => writer.appendValues([offset], () => read(bytes)) };
}

async function readBack(file: Uint8Array): Promise<unknown[]> {
  const path = join(folder, 'rows.parquet');
  await writeFile(path, file);
  const connection = await (await DuckDBInstance.create()).connect();
  const result = await connection.runAndReadAll(`select * from '${path}' order by _offset`);
  connection.closeSync();
  return result.getRowObjectsJson();
}

test('compileProtobufReader: appends every kind of field as protobufjs encodes it', async () => {
  const { writer, append } = orderWriter();
  const bytes = Order.encode({
    id: 'größer',
    items: [
      { sku: 'a', quantity: 4_294_967_295, price: { units: -5, nanos: -7 } },
      { sku: 'b', quantity: 0, price: {} },
    ],
    status: 2,
    discount: -0.5,
    labels: { x: '1', y: '2' },
    codes: [1, -2, 3],
    total: { units: 9 },
    cash: true,
  }).finish();
  expect(append(1, bytes)).toBeUndefined();
  expect(append(2, Order.encode({ total: {} }).finish())).toBeUndefined();
  expect(await readBack(writer.finish())).toEqual([
    {
      _offset: '1',
      id: 'größer',
      items: [
        { sku: 'a', quantity: 4_294_967_295, price: { units: '-5', nanos: -7 } },
        { sku: 'b', quantity: 0, price: { units: '0', nanos: 0 } },
      ],
      status: 'PAID',
      discount: -0.5,
      labels: [
        { key: 'x', value: '1' },
        { key: 'y', value: '2' },
      ],
      codes: [1, -2, 3],
      total: { units: '9', nanos: 0 },
      card: null,
      cash: true,
    },
    {
      _offset: '2',
      id: '',
      items: [],
      status: 'UNKNOWN',
      discount: null,
      labels: [],
      codes: [],
      total: { units: '0', nanos: 0 },
      card: null,
      cash: null,
    },
  ]);
});

test('compileProtobufReader: refuses bad rows with their path, and the file holds the good ones only', async () => {
  const { writer, append } = orderWriter();
  const good = Order.encode({ id: 'good', total: {} }).finish();
  expect(append(1, good)).toBeUndefined();
  expect(append(2, Order.encode({ id: 'no total' }).finish())).toMatchObject({ code: 'missing', path: 'total' });
  expect(append(3, Order.encode({ status: 7, total: {} }).finish())).toMatchObject({ code: 'enum', path: 'status' });
  const noPrice = Order.encode({ items: [{ price: {} }, { sku: 'x' }], total: {} }).finish();
  expect(append(4, noPrice)).toMatchObject({ code: 'missing', path: 'items[1].price' });
  expect(append(5, good.subarray(0, 3))).toMatchObject({ code: 'wire', path: 'id' });
  expect(append(6, Uint8Array.of(0x0a, 1, 0xff, 0x3a, 0))).toMatchObject({ code: 'unicode', path: 'id' });
  expect(append(7, good)).toBeUndefined();
  expect(await readBack(writer.finish())).toMatchObject([{ _offset: '1' }, { _offset: '7' }]);
});

const WAYS = [
  ['generated code', true],
  ['closures', false],
] as const;

/** Appends one message to the columns of a file of its own, with an offset of 0. */
function appendOne(source: string, bytes: readonly number[], generates: boolean) {
  const message = compileProto('v1.proto', `syntax = "proto3"; ${source}`, 'event');
  const writer = new ParquetWriter([OFFSET, ...messageColumns(message)]);
  const read = compileProtobufReader(message, writer.columns.slice(1), generates);
  const rejection = writer.appendValues([0], () => read(Uint8Array.from(bytes)));
  return { rejection, writer };
}

describe.each(WAYS)('compileProtobufReader, by %s', (_, generates) => {
  test.each([
    ['of two bytes, the longest', 2047, [0xf8, 0x7f, 40]],
    ['of three bytes, the shortest', 2048, [0x80, 0x80, 0x01, 40]],
    ['of three bytes', 5001, [0xc8, 0xb8, 0x02, 40]],
    ['of five bytes, the longest', 536_870_911, [0xf8, 0xff, 0xff, 0xff, 0x0f, 40]],
    ['longer than it needs to be', 1, [0x88, 0x80, 0x00, 40]],
  ])('reads a field whose tag is %s', async (_tag, number, bytes) => {
    const { rejection, writer } = appendOne(`message Event { int32 count = ${number}; }`, bytes, generates);
    expect(rejection).toBeUndefined();
    expect(await readBack(writer.finish())).toEqual([{ _offset: '0', count: 40 }]);
  });

  test('skips an unknown field whose tag has the low bits of a known one', async () => {
    const unknown = [0x80, 0x80, 0x02, 40];
    const { rejection, writer } = appendOne('message Event { int32 count = 2048; }', unknown, generates);
    expect(rejection).toBeUndefined();
    expect(await readBack(writer.finish())).toEqual([{ _offset: '0', count: 0 }]);
  });

  const event = `
    import "google/protobuf/timestamp.proto";
    enum Status { NONE = 0; NEW = 1; OLD = -1; }
    message Event {
      optional int32 i = 1;
      optional uint32 u = 2;
      optional sint32 z = 3;
      optional Status status = 4;
      repeated int32 list = 5;
      map<int32, string> labels = 6;
      optional int64 long = 7;
      optional google.protobuf.Timestamp at = 8;
    }`;
  const FIVE_BILLION = [0x80, 0xe4, 0x97, 0xd0, 0x12];
  const BEYOND_32_BITS = [0x81, 0x80, 0x80, 0x80, 0x10];
  const MINUS_ONE = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
  const BEYOND_64_BITS = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x03];

  test.each([
    ['an int32 of 5,000,000,000', [8, ...FIVE_BILLION], 'range', 'i'],
    ['a uint32 of 2^32 + 1', [16, ...BEYOND_32_BITS], 'range', 'u'],
    ['a uint32 of -1', [16, ...MINUS_ONE], 'range', 'u'],
    ['a sint32 of more than 32 bits', [24, ...BEYOND_32_BITS], 'range', 'z'],
    ['an enum of 2^32 + 1', [32, ...BEYOND_32_BITS], 'enum', 'status'],
    ['an int32 of 5,000,000,000 in a packed list', [42, 6, 7, ...FIVE_BILLION], 'range', 'list[1]'],
    ['a map key of 2^32 + 1 beside 1', [50, 2, 8, 1, 50, 6, 8, ...BEYOND_32_BITS], 'range', 'labels[1].key'],
    ['an int64 of 65 bits', [56, ...BEYOND_64_BITS], 'wire', 'long'],
    ['an unknown varint of 65 bits', [120, ...BEYOND_64_BITS], 'wire', ''],
    ['a time whose seconds are fixed64', [66, 9, 9, 5, 0, 0, 0, 0, 0, 0, 0], 'wire', 'at'],
    ['a time whose nanoseconds are text', [66, 2, 18, 0], 'wire', 'at'],
    ['a time of 2^32 + 1 nanoseconds', [66, 8, 8, 1, 16, ...BEYOND_32_BITS], 'range', 'at'],
    ['a time with field number 0', [66, 4, 8, 1, 0, 1], 'wire', 'at'],
  ])('refuses %s', (_what, bytes, code, path) => {
    expect(appendOne(event, bytes, generates).rejection).toMatchObject({ code, path });
  });

  test('takes 32 bits however the sender extends them', async () => {
    const minusOneIn32Bits = [0xff, 0xff, 0xff, 0xff, 0x0f];
    const bytes = [8, ...MINUS_ONE, 16, ...minusOneIn32Bits, 24, ...minusOneIn32Bits, 32, ...MINUS_ONE];
    const list = [...MINUS_ONE, ...minusOneIn32Bits];
    const { rejection, writer } = appendOne(event, [...bytes, 42, list.length, ...list], generates);
    expect(rejection).toBeUndefined();
    const row = { i: -1, u: 4_294_967_295, z: -2_147_483_648, status: 'OLD', list: [-1, -1] };
    expect(await readBack(writer.finish())).toMatchObject([row]);
  });

  test('cuts the nanoseconds of a time to microseconds, towards the past', async () => {
    const beforeTheEpoch = [66, 14, 8, ...MINUS_ONE, 16, 0xe7, 0x07];
    const { rejection, writer } = appendOne(event, beforeTheEpoch, generates);
    expect(rejection).toBeUndefined();
    expect(await readBack(writer.finish())).toMatchObject([{ at: '1969-12-31 23:59:59+00' }]);
  });
});
