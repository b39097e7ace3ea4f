import { avroColumns } from '../../../pipeline/avro/avro-columns.ts';
import { AvroSchemaError } from '../../../pipeline/avro/avro-schema-error.ts';
import { parseAvroSchema } from '../../../pipeline/avro/parse-avro-schema.ts';

const text = (type: unknown, more: object = {}) =>
  JSON.stringify({ type: 'record', name: 'com.shop.Order', fields: [{ name: 'f', type, ...more }] });

test('parseAvroSchema: each type and logical type has its column', () => {
  const fields = [
    ['int', 'int'],
    ['when', { type: 'long', logicalType: 'timestamp-millis' }],
    ['maybe', ['null', 'string']],
    ['price', { type: 'record', name: 'Price', fields: [{ name: 'units', type: 'long' }] }],
    ['other_price', ['Price', 'null']],
    ['qualified', 'com.shop.Price'],
    ['codes', { type: 'array', items: ['null', 'bytes'] }],
    ['labels', { type: 'map', values: { type: 'fixed', name: 'F', size: 3 } }],
    ['status', { type: 'enum', name: 'Status', symbols: ['A', 'B'] }],
    ['amount', { type: 'fixed', name: 'Amount', size: 8, logicalType: 'decimal', precision: 18, scale: 2 }],
    ['clock', { type: 'int', logicalType: 'time-millis' }],
  ].map(([name, type]) => ({ name, type }));
  const record = parseAvroSchema(JSON.stringify({ type: 'record', name: 'Order', namespace: 'com.shop', fields }));
  const price = {
    kind: 'struct',
    fields: [{ name: 'units', type: { kind: 'int', bits: 64, signed: true }, nullable: false }],
  };
  expect(record.name).toBe('com.shop.Order');
  expect(avroColumns(record)).toEqual([
    { name: 'int', type: { kind: 'int', bits: 32, signed: true }, nullable: false },
    { name: 'when', type: { kind: 'timestamp', unit: 'millis' }, nullable: false },
    { name: 'maybe', type: { kind: 'string' }, nullable: true },
    { name: 'price', type: price, nullable: false },
    { name: 'other_price', type: price, nullable: true },
    { name: 'qualified', type: price, nullable: false },
    {
      name: 'codes',
      type: { kind: 'list', element: { name: 'element', type: { kind: 'bytes' }, nullable: true } },
      nullable: false,
    },
    {
      name: 'labels',
      type: {
        kind: 'map',
        key: { name: 'key', type: { kind: 'string' }, nullable: false },
        value: { name: 'value', type: { kind: 'bytes' }, nullable: false },
      },
      nullable: false,
    },
    { name: 'status', type: { kind: 'enum' }, nullable: false },
    { name: 'amount', type: { kind: 'decimal', precision: 18, scale: 2 }, nullable: false },
    { name: 'clock', type: { kind: 'int', bits: 32, signed: true }, nullable: false },
  ]);
});

const RECORD = { type: 'record', name: 'S', fields: [{ name: 'x', type: 'int' }] };

test.each([
  ['text that is not JSON', '{', 'an Avro schema is JSON'],
  ['a payload that is no record', '"int"', 'must be a record'],
  ['an unknown type', text('uint'), 'Order.f: the type "uint" is not known'],
  ['a type that is null', text('null'), 'null alone'],
  ['a union of several types', text(['null', 'int', 'string']), 'Order.f: a union of several types'],
  ['a union without null', text(['int', 'string']), 'a union of several types'],
  ['a union in a union', text(['null', ['null', 'int']]), 'a union may not contain a union'],
  ['a record that contains itself', text(['null', 'com.shop.Order']), 'contains itself'],
  ['a record without fields', text({ type: 'record', name: 'E', fields: [] }), 'a record needs "fields"'],
  [
    'a field that is there twice',
    text({ ...RECORD, fields: [RECORD.fields[0], RECORD.fields[0]] }),
    '"x" is there twice',
  ],
  ['a name that is taken', text({ ...RECORD, name: 'Order' }), 'is taken'],
  ['a name with a hyphen', text({ ...RECORD, name: 'a-b' }), '"a-b" is no name'],
  ['a fixed without a size', text({ type: 'fixed', name: 'F', size: 0 }), 'a fixed needs a "size"'],
  ['symbols that are the same', text({ type: 'enum', name: 'E', symbols: ['A', 'A'] }), 'must differ'],
  [
    'an enum default of no symbol',
    text({ type: 'enum', name: 'E', symbols: ['A'], default: 'B' }),
    'one of its symbols',
  ],
  ['a date on a long', text({ type: 'long', logicalType: 'date' }), 'date is an int'],
  ['a UUID of 15 bytes', text({ type: 'fixed', name: 'F', size: 15, logicalType: 'uuid' }), '16 bytes'],
  ['a decimal of 39 digits', text({ type: 'bytes', logicalType: 'decimal', precision: 39 }), '1 to 38 digits'],
  [
    'a decimal beyond its bytes',
    text({ type: 'fixed', name: 'F', size: 2, logicalType: 'decimal', precision: 5 }),
    '1 to 4 digits',
  ],
  [
    'a decimal of more decimals than digits',
    text({ type: 'bytes', logicalType: 'decimal', precision: 2, scale: 3 }),
    '1 to 38',
  ],
  ['text as default of an int', text('int', { default: '1' }), 'the default does not fit the type: an integer'],
  ['an int default out of range', text('int', { default: 2 ** 31 }), 'the default does not fit'],
  ['null as default of an int', text('int', { default: null }), 'the default does not fit'],
  ['a default of the second type of a union', text(['null', 'int'], { default: 1 }), 'the first type of the union'],
  ['null as default of a union that begins otherwise', text(['int', 'null'], { default: null }), 'the first type'],
  ['a record default without a field', text(RECORD, { default: {} }), 'it needs the field x'],
  ['a byte default beyond 255', text('bytes', { default: 'Ā' }), 'characters 0 to 255'],
])('parseAvroSchema: refuses %s', (_, schema, reason) => {
  expect(() => parseAvroSchema(schema)).toThrow(AvroSchemaError);
  expect(() => parseAvroSchema(schema)).toThrow(reason);
});

test('parseAvroSchema: defaults keep all their digits', () => {
  const [field] = parseAvroSchema(
    text('long', { default: 0 }).replace('"default":0', '"default":9223372036854775807'),
  ).fields;
  expect(field?.fallback).toBe(9_223_372_036_854_775_807n);
});
