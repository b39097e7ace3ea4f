import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { jsonSchemaColumns } from '../../../pipeline/json/json-columns.ts';
import { compileJsonReader } from '../../../pipeline/json/json-reader.ts';
import { parseJsonSchema } from '../../../pipeline/json/parse-json-schema.ts';
import { ParquetWriter } from '../../../pipeline/parquet/parquet-writer.ts';

type Schema = Readonly<Record<string, unknown>>;

const objectOf = (properties: Schema, required: string[] = Object.keys(properties)) =>
  parseJsonSchema(JSON.stringify({ type: 'object', properties, required }));

function readOne(type: Schema, text: string | Uint8Array) {
  const schema = objectOf({ f: type });
  const writer = new ParquetWriter(jsonSchemaColumns(schema));
  const read = compileJsonReader(schema, writer.columns);
  const rejection = writer.appendValues([], () => read(typeof text === 'string' ? Buffer.from(text) : text));
  expect(writer.rowCount).toBe(rejection ? 0 : 1);
  return rejection;
}

const INTEGER = { type: 'integer' };
/** With the property that a `LongNumber` has. */
const objectSchema = { type: 'object', properties: { text: { type: 'string' } } };
const TIME = { type: 'string', format: 'date-time' };

test.each<[string, Schema, string | Uint8Array, string, string]>([
  ['no text', INTEGER, '', 'wire', ''],
  ['text that ends early', INTEGER, '{"f":1', 'wire', ''],
  ['bytes that are not UTF-8', { type: 'string' }, Uint8Array.of(0x22, 0xff, 0x22), 'wire', ''],
  ['half of a surrogate pair', { type: 'string' }, '{"f":"\\ud800"}', 'wire', ''],
  ['text nested too deep', INTEGER, '['.repeat(100_000), 'wire', ''],
  ['an array', INTEGER, '[1]', 'type', ''],
  ['null', INTEGER, 'null', 'type', ''],
  ['a property twice', INTEGER, '{"f":1,"f":1}', 'wire', 'f'],
  ['a property twice, with space and an escape', INTEGER, '{"f" : 1, "\\u0066":1}', 'wire', 'f'],
  ['a key of a map twice', { type: 'object', additionalProperties: INTEGER }, '{"f":{"a":1,"a":2}}', 'wire', 'f'],
  ['a long number for an object', objectSchema, '{"f":12345678901234567890}', 'type', 'f'],
  [
    'a long number for a map',
    { type: 'object', additionalProperties: { type: 'string' } },
    '{"f":12345678901234567890}',
    'type',
    'f',
  ],
  ['an absent required property', INTEGER, '{}', 'missing', 'f'],
  ['null where it is not allowed', INTEGER, '{"f":null}', 'type', 'f'],
  ['a property that is not known', INTEGER, '{"f":1,"g":1}', 'type', ''],
  ['a property of every object', { type: 'string' }, '{"f":"","constructor":1}', 'type', ''],
  ['a fraction for an integer', INTEGER, '{"f":1.5}', 'type', 'f'],
  ['a long fraction for an integer', INTEGER, '{"f":12345678901234567.5}', 'type', 'f'],
  ['text for an integer', INTEGER, '{"f":"1"}', 'type', 'f'],
  ['an integer beyond 64 bits', INTEGER, '{"f":9223372036854775808}', 'range', 'f'],
  ['an integer beyond its bound', { ...INTEGER, maximum: 10 }, '{"f":11}', 'range', 'f'],
  ['a number below its bound', { type: 'number', minimum: 0 }, '{"f":-0.5}', 'range', 'f'],
  ['a number beyond all doubles', { type: 'number' }, '{"f":1e400}', 'type', 'f'],
  ['a long number for text', { type: 'string' }, '{"f":12345678901234567890}', 'type', 'f'],
  ['a value that is not listed', { type: 'string', enum: ['A'] }, '{"f":"B"}', 'enum', 'f'],
  ['a time without a zone', TIME, '{"f":"2026-11-20T12:00:00"}', 'type', 'f'],
  ['a time finer than a microsecond', TIME, '{"f":"2026-11-20T12:00:00.1234567Z"}', 'range', 'f'],
  ['a day that is none', { type: 'string', format: 'date' }, '{"f":"2026-02-30"}', 'type', 'f'],
  ['a time for a date', { type: 'string', format: 'date' }, '{"f":"2026-02-03T00:00:00Z"}', 'type', 'f'],
  ['text that is no UUID', { type: 'string', format: 'uuid' }, '{"f":"x"}', 'type', 'f'],
  ['text that is no base64', { type: 'string', contentEncoding: 'base64' }, '{"f":"a"}', 'type', 'f'],
  ['an item that does not fit', { type: 'array', items: INTEGER }, '{"f":[1,"2"]}', 'type', 'f[1]'],
  [
    'an entry that does not fit',
    { type: 'object', additionalProperties: INTEGER },
    '{"f":{"a":1,"b":{}}}',
    'type',
    'f[1]',
  ],
])('compileJsonReader: refuses %s', (_, type, text, code, path) => {
  expect(readOne(type, text)).toMatchObject({ code, path });
});

test('compileJsonReader: integers keep all their digits, and may be written with a zero fraction', async () => {
  const schema = objectOf({ f: INTEGER });
  const writer = new ParquetWriter(jsonSchemaColumns(schema));
  const read = compileJsonReader(schema, writer.columns);
  const numbers = [
    '9223372036854775807',
    '-9223372036854775808',
    '9007199254740993',
    '9007199254740993.0',
    '1.0',
    '1e3',
  ];
  for (const number of numbers)
    expect(writer.appendValues([], () => read(Buffer.from(`{"f":${number}}`)))).toBeUndefined();
  const { buffer } = writer.finish();
  const rows = await parquetReadObjects({ file: buffer as ArrayBuffer, compressors });
  expect(rows.map(({ f }) => f)).toEqual([2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 2n ** 53n + 1n, 1n, 1000n]);
});

test('compileJsonReader: rows of an older schema land in the columns of a newer one', async () => {
  const older = objectOf({ id: { type: 'integer', maximum: 5, minimum: 0 } });
  const newer = objectOf({ note: { type: 'string' }, id: INTEGER, tags: { type: 'array', items: INTEGER } }, ['id']);
  const writer = new ParquetWriter(jsonSchemaColumns(newer));
  const read = compileJsonReader(older, writer.columns);
  expect(writer.appendValues([], () => read(Buffer.from('{"id":3}')))).toBeUndefined();
  const { buffer } = writer.finish();
  expect(await parquetReadObjects({ file: buffer as ArrayBuffer, compressors })).toEqual([
    { note: null, id: 3n, tags: undefined },
  ]);
});

test.each<[string, Schema, Schema]>([
  ['a number in the column of an integer', { type: 'number' }, INTEGER],
  ['text in the column of a time', { type: 'string' }, TIME],
  ['null in a column without it', { type: ['integer', 'null'] }, INTEGER],
  ['a wide integer in a narrow column', INTEGER, { ...INTEGER, minimum: 0, maximum: 9 }],
])('compileJsonReader: refuses to compile %s', (_, older, newer) => {
  const { columns } = new ParquetWriter(jsonSchemaColumns(objectOf({ f: newer })));
  expect(() => compileJsonReader(objectOf({ f: older }), columns)).toThrow('Cannot read "f"');
});

test('compileJsonReader: refuses to compile a new column that may not be null', () => {
  const { columns } = new ParquetWriter(jsonSchemaColumns(objectOf({ f: INTEGER, g: INTEGER })));
  expect(() => compileJsonReader(objectOf({ f: INTEGER }), columns)).toThrow('column "g"');
});
