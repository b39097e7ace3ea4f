/** Random Avro schemas with values that avsc encodes, and what DuckDB must read of them. */
import avro from 'avsc';
import fc from 'fast-check';

/** A type: its schema (names begin with `name`), values as avsc takes them, and their form in `duckdbRows`. */
export interface AvroSample {
  readonly schema: (name: string) => unknown;
  readonly value: fc.Arbitrary<unknown>;
  readonly expected: (value: unknown) => unknown;
}

export interface FieldSample extends AvroSample {
  readonly field: string;
}

/** A record of these fields. */
export function recordSample(fields: readonly FieldSample[]): AvroSample {
  return {
    schema: (name) => ({ type: 'record', name, fields: fields.map((one) => fieldSchema(one, name)) }),
    value: fc.record(Object.fromEntries(fields.map(({ field, value }) => [field, value]))),
    expected: (value) => expectedRecord(fields, value as Readonly<Record<string, unknown>>),
  };
}

export function fieldSchema({ field, schema }: FieldSample, record: string): Record<string, unknown> {
  return { name: field, type: schema(`${record}_${field}`) };
}

/** One to five fields, nested to the given depth. */
export function arbitraryFields(depth: number): fc.Arbitrary<readonly FieldSample[]> {
  return fc
    .array(arbitrarySample(depth), { minLength: 1, maxLength: 5 })
    .map((samples) => samples.map((sample, i) => ({ ...sample, field: `f${i}` })));
}

/** Encodes as avsc does, with bigints for longs. */
export function avscType(schema: unknown): avro.Type {
  const long = avro.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
    toBuffer: (value: bigint) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(value);
      return bytes;
    },
    fromJSON: BigInt,
    toJSON: Number,
    isValid: (value: unknown) => typeof value === 'bigint',
    compare: (a: bigint, b: bigint) => (a < b ? -1 : Number(a > b)),
  });
  // A registry would not reach a long with a logical type.
  const typeHook = (some: unknown) =>
    some === 'long' || (some as { type?: unknown }).type === 'long' ? long : undefined;
  return avro.Type.forSchema(schema as avro.Schema, { typeHook, wrapUnions: false });
}

function arbitrarySample(depth: number): fc.Arbitrary<AvroSample> {
  const leaf = fc.oneof(fc.constantFrom(...leaves), arbitraryDecimal);
  if (depth === 0) return leaf;
  const inner = arbitrarySample(depth - 1);
  return fc.oneof(
    { weight: 3, arbitrary: leaf },
    { weight: 2, arbitrary: leaf.chain((type) => fc.boolean().map((first) => optional(type, first))) },
    { weight: 1, arbitrary: inner.filter((type) => !isUnion(type)).map((type) => optional(type, true)) },
    { weight: 1, arbitrary: inner.map(array) },
    { weight: 1, arbitrary: inner.map(map) },
    { weight: 1, arbitrary: arbitraryFields(depth - 1).map(recordSample) },
  );
}

const same = (value: unknown) => value;
const hex = (value: unknown) => Buffer.from(value as Uint8Array).toString('hex');
const TEXT = fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => text.replaceAll('\0', ' '));
const MILLIS = { min: -62_135_596_800_000n, max: 253_402_300_799_999n };
const MICROS = { min: MILLIS.min * 1000n, max: MILLIS.max * 1000n + 999n };

const leaves: readonly AvroSample[] = [
  { schema: () => 'boolean', value: fc.boolean(), expected: same },
  { schema: () => 'int', value: fc.integer(), expected: same },
  { schema: () => 'long', value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), expected: same },
  { schema: () => ({ type: 'long' }), value: fc.bigInt({ min: -70n, max: 70n }), expected: same },
  { schema: () => 'float', value: fc.float(), expected: same },
  { schema: () => 'double', value: fc.double(), expected: same },
  { schema: () => 'string', value: TEXT, expected: same },
  { schema: () => 'bytes', value: fc.uint8Array({ maxLength: 80 }).map((some) => Buffer.from(some)), expected: hex },
  {
    schema: (name) => ({ type: 'fixed', name, size: 5 }),
    value: fc.uint8Array({ minLength: 5, maxLength: 5 }).map((some) => Buffer.from(some)),
    expected: hex,
  },
  {
    schema: (name) => ({ type: 'enum', name, symbols: ['NEW', 'PAID', 'GONE'] }),
    value: fc.constantFrom('NEW', 'PAID', 'GONE'),
    expected: same,
  },
  {
    schema: () => ({ type: 'int', logicalType: 'date' }),
    value: fc.integer({ min: -719_162, max: 2_932_896 }),
    expected: same,
  },
  {
    schema: () => ({ type: 'long', logicalType: 'timestamp-millis' }),
    value: fc.bigInt(MILLIS),
    expected: (value) => (value as bigint) * 1000n,
  },
  { schema: () => ({ type: 'long', logicalType: 'timestamp-micros' }), value: fc.bigInt(MICROS), expected: same },
  {
    schema: () => ({ type: 'long', logicalType: 'time-micros' }),
    value: fc.bigInt({ min: 0n, max: 10n }),
    expected: same,
  },
  { schema: () => ({ type: 'string', logicalType: 'uuid' }), value: fc.uuid(), expected: same },
  {
    schema: (name) => ({ type: 'fixed', name, size: 16, logicalType: 'uuid' }),
    value: fc.uuid().map((uuid) => Buffer.from(uuid.replaceAll('-', ''), 'hex')),
    expected: (value) => hex(value).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5'),
  },
];

/** As bytes of the least or a greater length, or as a fixed. */
const arbitraryDecimal: fc.Arbitrary<AvroSample> = fc
  .record({ precision: fc.integer({ min: 1, max: 38 }), fixed: fc.boolean(), padding: fc.nat(20) })
  .map(({ precision, fixed, padding }) => {
    const limit = 10n ** BigInt(precision) - 1n;
    const width = Math.ceil((precision * Math.log2(10) + 1) / 8) + padding;
    const logical = { logicalType: 'decimal', precision, scale: Math.floor(precision / 2) };
    return {
      schema: (name) => (fixed ? { type: 'fixed', name, size: width, ...logical } : { type: 'bytes', ...logical }),
      value: fc.bigInt({ min: -limit, max: limit }).map((value) => twosComplement(value, width)),
      expected: (value) => BigInt.asIntN(width * 8, BigInt(`0x${hex(value)}`)),
    };
  });

function twosComplement(value: bigint, width: number): Buffer {
  return Buffer.from(
    BigInt.asUintN(width * 8, value)
      .toString(16)
      .padStart(width * 2, '0'),
    'hex',
  );
}

function isUnion({ schema }: AvroSample): boolean {
  return Array.isArray(schema('x'));
}

function optional({ schema, value, expected }: AvroSample, nullFirst: boolean): AvroSample {
  return {
    schema: (name) => (nullFirst ? ['null', schema(name)] : [schema(name), 'null']),
    value: fc.option(value, { nil: null }),
    expected: (some) => (some === null ? null : expected(some)),
  };
}

function array({ schema, value, expected }: AvroSample): AvroSample {
  return {
    schema: (name) => ({ type: 'array', items: schema(`${name}_i`) }),
    value: fc.array(value, { maxLength: 4 }),
    expected: (some) => (some as unknown[]).map(expected),
  };
}

/** Keys that JavaScript keeps in order. */
function map({ schema, value, expected }: AvroSample): AvroSample {
  return {
    schema: (name) => ({ type: 'map', values: schema(`${name}_v`) }),
    value: fc.dictionary(
      TEXT.map((text) => `k${text}`),
      value,
      { maxKeys: 4 },
    ),
    expected: (some) => Object.entries(some as object).map(([key, item]) => [key, expected(item)]),
  };
}

function expectedRecord(fields: readonly FieldSample[], value: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(fields.map(({ field, expected }) => [field, expected(value[field])]));
}
