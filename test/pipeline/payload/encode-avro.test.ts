import fc from 'fast-check';
import { parseAvroSchema } from '../../../pipeline/avro/parse-avro-schema.ts';
import { compileAvroEncoder } from '../../../pipeline/payload/encode-avro.ts';
import { avscType } from '../avro/arbitrary-avro.ts';

const SCHEMA = {
  type: 'record',
  name: 'R',
  fields: [
    { name: 'b', type: 'boolean' },
    { name: 'i', type: 'int' },
    { name: 'l', type: 'long' },
    { name: 'f', type: 'float' },
    { name: 'd', type: 'double' },
    { name: 's', type: ['string', 'null'] },
    { name: 'y', type: 'bytes' },
    { name: 'x', type: { type: 'fixed', name: 'X', size: 3 } },
    { name: 'e', type: { type: 'enum', name: 'E', symbols: ['A', 'B'] } },
    { name: 'a', type: { type: 'array', items: ['null', 'long'] } },
    { name: 'm', type: { type: 'map', values: 'double' } },
    { name: 'r', type: { type: 'record', name: 'S', fields: [{ name: 'n', type: 'int', default: -7 }] } },
    { name: 'u', type: { type: 'fixed', name: 'U', size: 16, logicalType: 'uuid' } },
    { name: 'day', type: { type: 'int', logicalType: 'date' } },
    { name: 'ms', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'dec', type: { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 2 } },
    { name: 'raw', type: 'bytes', default: 'ÿ' },
  ],
};

const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const TEXT = fc.string({ unit: 'grapheme' });
const payload = fc.record({
  b: fc.boolean(),
  i: fc.integer(),
  l: fc.oneof(fc.maxSafeInteger(), long.map(String)),
  f: fc.float({ noNaN: true, noDefaultInfinity: true }),
  d: fc.double({ noNaN: true, noDefaultInfinity: true }),
  s: fc.option(TEXT),
  y: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')),
  x: fc.uint8Array({ minLength: 3, maxLength: 3 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  e: fc.constantFrom('A', 'B'),
  a: fc.array(fc.option(long.map(String))),
  m: fc.dictionary(
    TEXT.map((key) => `k${key}`),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  ),
  r: fc.constantFrom({ n: 5 }, {}),
  u: fc.uuid(),
  day: fc.constantFrom('0001-01-01', '1969-12-31', '2026-11-20'),
  ms: fc.constantFrom('1970-01-01T00:00:00.001Z', '0001-01-01T00:00:00Z', '2026-11-20T12:00:00.999+01:00'),
  dec: fc.constantFrom('-0.01', '1.28', 1.27, '999999999999999999.99', 0, '-1.29'),
});

const decimals = new Map<unknown, number[]>([
  ['-0.01', [0xff]],
  ['1.28', [0, 0x80]],
  [1.27, [0x7f]],
  ['999999999999999999.99', [0x05, 0x6b, 0xc7, 0x5e, 0x2d, 0x63, 0x0f, 0xff, 0xff]],
  [0, [0]],
  ['-1.29', [0xff, 0x7f]],
]);

test('compileAvroEncoder: avsc decodes what it encodes, with all digits', () => {
  const encode = compileAvroEncoder(parseAvroSchema(JSON.stringify(SCHEMA)));
  const type = avscType(SCHEMA);
  fc.assert(
    fc.property(payload, (json) => {
      const encoded = encode(JSON.parse(JSON.stringify(json)));
      if (!('bytes' in encoded)) throw new Error(JSON.stringify(encoded.issues));
      const decoded = type.fromBuffer(Buffer.from(encoded.bytes)) as Record<string, unknown>;
      expect({ ...decoded }).toEqual({
        ...json,
        l: BigInt(json.l),
        y: Buffer.from(json.y, 'base64'),
        x: Buffer.from(json.x, 'base64'),
        a: json.a.map((item) => (item === null ? null : BigInt(item))),
        d: json.d + 0,
        f: json.f + 0,
        m: Object.fromEntries(Object.entries(json.m).map(([key, value]) => [key, value + 0])),
        r: { n: json.r.n ?? -7 },
        u: Buffer.from(json.u.replaceAll('-', ''), 'hex'),
        day: Date.parse(json.day) / 86_400_000,
        ms: BigInt(Date.parse(json.ms)),
        dec: Buffer.from(decimals.get(json.dec) ?? []),
        raw: Buffer.from([0xff]),
      });
    }),
    { numRuns: 200, seed: 20_261_120 },
  );
});

test.each([
  ['no object', [], 'WRONG_TYPE', ''],
  ['an unknown field', { n: 1, z: 1 }, 'UNKNOWN_FIELD', 'z'],
  ['a long unknown field', { ['z'.repeat(99)]: 1 }, 'UNKNOWN_FIELD', `${'z'.repeat(64)}…`],
  ['a day that is none', { day: '2026-02-30' }, 'WRONG_TYPE', 'day'],
  ['text that is no day', { day: 'tomorrow' }, 'WRONG_TYPE', 'day'],
  ['an int that is too large', { n: 2 ** 31 }, 'OUT_OF_RANGE', 'n'],
  ['text for an int', { n: '1' }, 'WRONG_TYPE', 'n'],
  ['null for an int', { n: null }, 'MISSING_FIELD', 'n'],
  ['text that is no base64', { y: '?' }, 'WRONG_TYPE', 'y'],
  ['a fixed of another length', { x: 'AA==' }, 'OUT_OF_RANGE', 'x'],
  ['a time too fine', { ms: '2026-11-20T12:00:00.0001Z' }, 'OUT_OF_RANGE', 'ms'],
  ['a time as a number', { ms: 5 }, 'WRONG_TYPE', 'ms'],
  ['a decimal that lost digits', { dec: 1234567890123456.8 }, 'OUT_OF_RANGE', 'dec'],
  ['a decimal of too many decimals', { dec: '0.001' }, 'OUT_OF_RANGE', 'dec'],
  ['half of a surrogate pair', { s: '\ud800' }, 'OUT_OF_RANGE', 's'],
  ['a double beyond the largest', { d: JSON.parse('1e400') }, 'OUT_OF_RANGE', 'd'],
  ['a negative double beyond the largest', { d: JSON.parse('-1e400') }, 'OUT_OF_RANGE', 'd'],
  ['a float beyond all doubles', { f: JSON.parse('1e400') }, 'OUT_OF_RANGE', 'f'],
  ['a float beyond the largest', { f: 1e39 }, 'OUT_OF_RANGE', 'f'],
  ['a symbol that is none', { list: ['A', 'C'] }, 'OUT_OF_RANGE', 'list[1]'],
])('compileAvroEncoder: refuses %s', (_, changes, code, path) => {
  const fields = [
    { name: 'n', type: 'int', default: 1 },
    { name: 'y', type: 'bytes', default: '' },
    { name: 'x', type: { type: 'fixed', name: 'X', size: 3 }, default: 'abc' },
    { name: 'ms', type: { type: 'long', logicalType: 'timestamp-millis' }, default: 0 },
    { name: 'dec', type: { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 2 }, default: 'a' },
    { name: 's', type: 'string', default: '' },
    { name: 'd', type: 'double', default: 0 },
    { name: 'f', type: 'float', default: 0 },
    { name: 'day', type: { type: 'int', logicalType: 'date' }, default: 0 },
    { name: 'list', type: { type: 'array', items: { type: 'enum', name: 'E', symbols: ['A', 'B'] } }, default: [] },
  ];
  const encode = compileAvroEncoder(parseAvroSchema(JSON.stringify({ type: 'record', name: 'R', fields })));
  expect(encode({})).toHaveProperty('bytes');
  expect(encode(changes)).toMatchObject({ issues: [{ code, path }] });
});

test('compileAvroEncoder: lists what is wrong, up to ten mistakes, and says what is allowed', () => {
  const fields = [{ name: 'day', type: { type: 'int', logicalType: 'date' } }];
  const encode = compileAvroEncoder(parseAvroSchema(JSON.stringify({ type: 'record', name: 'R', fields })));
  expect(encode({ day: '2026-02-30', y: 1, z: 2 })).toEqual({
    issues: [
      { code: 'UNKNOWN_FIELD', path: 'y', reason: 'is not a field of R' },
      { code: 'UNKNOWN_FIELD', path: 'z', reason: 'is not a field of R' },
      { code: 'WRONG_TYPE', path: 'day', reason: 'must be a date that there is, such as 2026-11-20' },
    ],
  });
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`x${index}`, 1]));
  expect(encode({ ...many, day: 0 })).toMatchObject({ issues: { length: 10 } });
});
