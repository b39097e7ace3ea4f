import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { avroColumns } from '../../../pipeline/avro/avro-columns.ts';
import { compileAvroReader } from '../../../pipeline/avro/avro-reader.ts';
import { parseAvroSchema } from '../../../pipeline/avro/parse-avro-schema.ts';
import { ParquetWriter } from '../../../pipeline/parquet/parquet-writer.ts';
import type { Rejection } from '../../../pipeline/parquet/rejection.ts';

const recordOf = (...fields: unknown[]) => parseAvroSchema(JSON.stringify({ type: 'record', name: 'R', fields }));
const field = (type: unknown, more: object = {}) => recordOf({ name: 'f', type, ...more });

/** What the reader says of one record, and whether that left a row. */
function readOne(record: ReturnType<typeof recordOf>, bytes: readonly number[]): Rejection | undefined {
  const writer = new ParquetWriter(avroColumns(record));
  const read = compileAvroReader(record, writer.columns);
  const rejection = writer.appendValues([], () => read(Uint8Array.from(bytes)));
  expect(writer.rowCount).toBe(rejection ? 0 : 1);
  return rejection;
}

const INTS = { type: 'array', items: 'int' };
const TEN_BYTES = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80];

const REFUSED: readonly [string, unknown, number[], Partial<Rejection>][] = [
  ['no bytes', 'int', [], { code: 'wire', path: 'f' }],
  ['bytes after the record', 'int', [0, 0], { code: 'wire', path: '' }],
  ['an int that does not end', 'int', [0x80], { code: 'wire', path: 'f' }],
  ['an int of 33 bits', 'int', [0x80, 0x80, 0x80, 0x80, 0x10], { code: 'wire', path: 'f' }],
  ['a long of 65 bits', 'long', [...TEN_BYTES, 0x02], { code: 'wire', path: 'f' }],
  ['a long of eleven bytes', 'long', [...TEN_BYTES, 0x80, 0], { code: 'wire', path: 'f' }],
  ['a boolean of 2', 'boolean', [2], { code: 'wire', path: 'f' }],
  ['a string longer than the bytes', 'string', [4, 0x61], { code: 'wire', path: 'f' }],
  ['a string of negative length', 'string', [1, 0x61], { code: 'wire', path: 'f' }],
  ['a string that is not UTF-8', 'string', [2, 0xff], { code: 'unicode', path: 'f' }],
  ['half of a surrogate pair', 'string', [6, 0xed, 0xa0, 0x80], { code: 'unicode', path: 'f' }],
  ['a double of seven bytes', 'double', [0, 0, 0, 0, 0, 0, 0], { code: 'wire', path: 'f' }],
  ['an unknown branch', ['null', 'int'], [4, 0], { code: 'wire', path: 'f' }],
  ['a negative branch', ['null', 'int'], [1, 0], { code: 'wire', path: 'f' }],
  ['an unknown symbol', { type: 'enum', name: 'E', symbols: ['A'] }, [2], { code: 'enum', path: 'f' }],
  ['a negative symbol', { type: 'enum', name: 'E', symbols: ['A'] }, [1], { code: 'enum', path: 'f' }],
  ['a block of more items than bytes', INTS, [20, 2], { code: 'wire', path: 'f' }],
  ['a block of 2^62 items', INTS, [...TEN_BYTES, 1, 0], { code: 'wire', path: 'f' }],
  ['a block of -2^63 items', INTS, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0], { code: 'wire' }],
  ['a block that is shorter than it says', INTS, [1, 4, 2, 0], { code: 'wire', path: 'f' }],
  ['a block that is longer than it says', INTS, [1, 0, 2, 0], { code: 'wire', path: 'f' }],
  ['an array that does not end', INTS, [2, 2], { code: 'wire', path: 'f' }],
  ['an item that does not end', INTS, [4, 2, 0x80], { code: 'wire', path: 'f[1]' }],
  [
    'a key that came again',
    { type: 'map', values: 'int' },
    [4, 2, 0x61, 2, 2, 0x61, 4, 0],
    { code: 'wire', path: 'f' },
  ],
  ['a key again in long form', { type: 'map', values: 'int' }, [4, 2, 0x61, 2, 0x82, 0, 0x61, 4, 0], { code: 'wire' }],
  ['a key that is not UTF-8', { type: 'map', values: 'int' }, [2, 2, 0xff, 2, 0], { code: 'unicode', path: 'f[0]' }],
  [
    'a date after year 9999',
    { type: 'int', logicalType: 'date' },
    [0xc2, 0x82, 0xe6, 0x02],
    { code: 'range', path: 'f' },
  ],
  [
    'a time after year 9999',
    { type: 'long', logicalType: 'timestamp-micros' },
    [...TEN_BYTES, 0x01].map((byte, i) => (i < 9 ? byte : 1)),
    { code: 'range', path: 'f' },
  ],
  ['a UUID without hyphens', { type: 'string', logicalType: 'uuid' }, [2, 0x61], { code: 'type', path: 'f' }],
  [
    'a decimal of too many digits',
    { type: 'bytes', logicalType: 'decimal', precision: 2, scale: 0 },
    [2, 100],
    { code: 'range', path: 'f' },
  ],
  [
    'a decimal of too many bytes',
    { type: 'bytes', logicalType: 'decimal', precision: 2, scale: 0 },
    [10, 1, 0, 0, 0, 0],
    { code: 'range', path: 'f' },
  ],
  [
    'a decimal without bytes',
    { type: 'bytes', logicalType: 'decimal', precision: 2, scale: 0 },
    [0],
    { code: 'wire', path: 'f' },
  ],
];

test.each(REFUSED)('compileAvroReader: refuses %s', (_, type, bytes, rejection) => {
  expect(readOne(field(type), bytes)).toMatchObject(rejection);
});

test('compileAvroReader: tells the path of a value deep inside', () => {
  const price = { type: 'record', name: 'Price', fields: [{ name: 'units', type: 'int' }] };
  const item = { type: 'record', name: 'Item', fields: [{ name: 'price', type: ['null', price] }] };
  const items = field({ type: 'array', items: item });
  expect(readOne(items, [4, 0, 2, 0x80])).toEqual({
    code: 'wire',
    path: 'f[1].price.units',
    reason: 'the bytes are not of the Avro schema',
  });
});

async function rows(writer: ReturnType<typeof recordOf>, reader: ReturnType<typeof recordOf>, ...all: number[][]) {
  const file = new ParquetWriter(avroColumns(reader));
  const read = compileAvroReader(writer, file.columns, reader);
  for (const bytes of all) expect(file.appendValues([], () => read(Uint8Array.from(bytes)))).toBeUndefined();
  const { buffer } = file.finish();
  return parquetReadObjects({ file: buffer as ArrayBuffer, compressors });
}

test('compileAvroReader: arrays may come in several blocks, with or without their size', async () => {
  expect(await rows(field(INTS), field(INTS), [4, 2, 4, 1, 2, 6, 2, 8, 0], [0], [3, 4, 2, 4, 0])).toEqual([
    { f: [1, 2, 3, 4] },
    { f: [] },
    { f: [1, 2] },
  ]);
});

test('compileAvroReader: the bounds of times and decimals are within them', async () => {
  const decimal = { type: 'bytes', logicalType: 'decimal', precision: 2, scale: 0 };
  expect(await rows(field(decimal), field(decimal), [2, 99], [2, 0x9d], [6, 0, 0, 99])).toEqual([
    { f: 99 },
    { f: -99 },
    { f: 99 },
  ]);
});

test('compileAvroReader: a type may become wider, or null as well', async () => {
  expect(await rows(field('int'), field('long'), [1])).toEqual([{ f: -1n }]);
  expect(await rows(field('int'), field('double'), [4])).toEqual([{ f: 2 }]);
  expect(await rows(field('float'), field('double'), [0, 0, 0, 0x3f])).toEqual([{ f: 0.5 }]);
  expect(await rows(field('int'), field(['null', 'long']), [4])).toEqual([{ f: 2n }]);
  expect(await rows(field('string'), field('bytes'), [2, 0x61])).toEqual([{ f: 'a' }]);
});

test('compileAvroReader: a symbol that the newer schema lacks becomes its default', async () => {
  const older = field({ type: 'enum', name: 'E', symbols: ['A', 'B'] });
  const newer = field({ type: 'enum', name: 'E', symbols: ['OTHER', 'B'], default: 'OTHER' });
  expect(await rows(older, newer, [0], [2])).toEqual([{ f: 'OTHER' }, { f: 'B' }]);
});

test('compileAvroReader: a null where the newer schema has none is refused', () => {
  const reader = field('int');
  const writer = new ParquetWriter(avroColumns(reader));
  const read = compileAvroReader(field(['int', 'null']), writer.columns, reader);
  expect(writer.appendValues([], () => read(Uint8Array.of(2)))).toMatchObject({ code: 'missing', path: 'f' });
});

test.each([
  ['a long for an int', 'long', 'int'],
  ['a long for a double', 'long', 'double'],
  ['a double for a float', 'double', 'float'],
  ['text for a number', 'string', 'int'],
  ['a time for a long', { type: 'long', logicalType: 'timestamp-micros' }, 'long'],
  ['a long for a time', 'long', { type: 'long', logicalType: 'timestamp-micros' }],
  ['an array for a map', INTS, { type: 'map', values: 'int' }],
  ['text for a UUID', 'string', { type: 'string', logicalType: 'uuid' }],
])('compileAvroReader: refuses to compile %s', (_, writer, reader) => {
  const columns = new ParquetWriter(avroColumns(field(reader))).columns;
  expect(() => compileAvroReader(field(writer), columns, field(reader))).toThrow('Cannot read "R.f"');
});

test('compileAvroReader: refuses to compile a new column that has no default and may not be null', () => {
  const reader = recordOf({ name: 'f', type: 'int' }, { name: 'g', type: 'int' });
  const { columns } = new ParquetWriter(avroColumns(reader));
  expect(() => compileAvroReader(field('int'), columns, reader)).toThrow('column "g"');
});
