/** Random JSON Schemas with values of them, and what DuckDB must read of those. */
import fc from 'fast-check';

/** A type: its schema, values as `JSON.stringify` takes them, and their form in `duckdbRows`. */
export interface JsonSample {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly value: fc.Arbitrary<unknown>;
  readonly expected: (value: unknown) => unknown;
  /** Whether a validator without formats takes the same values. */
  readonly plain: boolean;
}

/** An object of one to five properties, some of which may be absent. */
export function arbitraryObject(depth: number, plain: boolean): fc.Arbitrary<JsonSample> {
  const property = fc.record({ sample: arbitrarySample(depth, plain), required: fc.boolean() });
  return fc.array(property, { minLength: 1, maxLength: 5 }).map((all) => {
    const named = all.map((one, i) => ({ ...one, name: i === 4 ? 'constructor' : `p${i}` }));
    const required = named.filter((one) => one.required).map(({ name }) => name);
    return {
      schema: {
        type: 'object',
        properties: Object.fromEntries(named.map(({ name, sample }) => [name, sample.schema])),
        required,
        additionalProperties: false,
      },
      value: fc.record(Object.fromEntries(named.map(({ name, sample }) => [name, sample.value])), {
        requiredKeys: required as never[],
        noNullPrototype: true,
      }),
      expected: (value) => expectedObject(named, value as Readonly<Record<string, unknown>>),
      plain,
    };
  });
}

function expectedObject(
  named: readonly { name: string; sample: JsonSample }[],
  value: Readonly<Record<string, unknown>>,
) {
  return Object.fromEntries(
    named.map(({ name, sample }) => [name, Object.hasOwn(value, name) ? sample.expected(value[name]) : null]),
  );
}

function arbitrarySample(depth: number, plain: boolean): fc.Arbitrary<JsonSample> {
  const some = leaves.filter((leaf) => leaf.plain || !plain);
  const leaf = fc.constantFrom(...some);
  const nullable = leaf.map(orNull);
  if (depth === 0) return fc.oneof(leaf, nullable);
  const inner = arbitrarySample(depth - 1, plain);
  return fc.oneof(leaf, nullable, inner.map(array), inner.map(map), arbitraryObject(depth - 1, plain));
}

const same = (value: unknown) => value;
const TEXT = fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => text.replaceAll('\0', ' '));
const MICROS = { min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n };
const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const SAFE = { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };

const leaves: readonly JsonSample[] = [
  { schema: { type: 'boolean' }, value: fc.boolean(), expected: same, plain: true },
  { schema: { type: 'string' }, value: TEXT, expected: same, plain: true },
  {
    schema: { type: 'number' },
    value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    expected: same,
    plain: true,
  },
  {
    schema: { type: 'string', enum: ['NEW', 'PAID'] },
    value: fc.constantFrom('NEW', 'PAID'),
    expected: same,
    plain: true,
  },
  {
    schema: { type: 'integer', minimum: -70_000, maximum: 70_000 },
    value: fc.integer({ min: -70_000, max: 70_000 }),
    expected: same,
    plain: true,
  },
  {
    schema: { type: 'integer', ...SAFE },
    value: fc.maxSafeInteger(),
    expected: (value) => BigInt(value as number),
    plain: true,
  },
  { schema: { type: 'integer' }, value: fc.bigInt(INT64).map(raw), expected: unraw, plain: false },
  {
    schema: { type: 'integer', minimum: 0, maximum: raw(2n ** 64n - 1n) },
    value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(raw),
    expected: unraw,
    plain: false,
  },
  { schema: { type: 'string', format: 'uuid' }, value: fc.uuid(), expected: same, plain: false },
  {
    schema: { type: 'string', format: 'date-time' },
    value: fc.bigInt(MICROS).map(isoTime),
    expected: (value) => micros(value as string),
    plain: false,
  },
  {
    schema: { type: 'string', format: 'date' },
    value: fc.bigInt(MICROS).map((time) => isoTime(time).slice(0, 10)),
    expected: (value) => Number(micros(`${value}T00:00:00.000000Z`) / 86_400_000_000n),
    plain: false,
  },
  {
    schema: { type: 'string', contentEncoding: 'base64' },
    value: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    expected: (value) => Buffer.from(value as string, 'base64').toString('hex'),
    plain: false,
  },
];

interface RawNumber {
  readonly rawJSON: string;
}

/** A number that `JSON.stringify` writes with all its digits. */
function raw(value: bigint): RawNumber {
  return (JSON as unknown as { rawJSON(text: string): RawNumber }).rawJSON(String(value));
}

function unraw(value: unknown): bigint {
  return BigInt((value as RawNumber).rawJSON);
}

function isoTime(time: bigint): string {
  const rest = ((time % 1000n) + 1000n) % 1000n;
  return new Date(Number((time - rest) / 1000n)).toISOString().replace('Z', `${String(rest).padStart(3, '0')}Z`);
}

function micros(text: string): bigint {
  return BigInt(Date.parse(`${text.slice(0, 23)}Z`)) * 1000n + BigInt(text.slice(23, 26));
}

function orNull({ schema, value, expected, plain }: JsonSample): JsonSample {
  const values = schema['enum'] ? { enum: [...(schema['enum'] as unknown[]), null] } : {};
  return {
    schema: { ...schema, ...values, type: [schema['type'], 'null'] },
    value: fc.option(value, { nil: null }),
    expected: (some) => (some === null ? null : expected(some)),
    plain,
  };
}

function array({ schema, value, expected, plain }: JsonSample): JsonSample {
  return {
    schema: { type: 'array', items: schema },
    value: fc.array(value, { maxLength: 4 }),
    expected: (some) => (some as unknown[]).map(expected),
    plain,
  };
}

/** Keys that JavaScript keeps in order. */
function map({ schema, value, expected, plain }: JsonSample): JsonSample {
  return {
    schema: { type: 'object', additionalProperties: schema },
    value: fc.dictionary(
      TEXT.map((text) => `k${text}`),
      value,
      { maxKeys: 4 },
    ),
    expected: (some) => Object.entries(some as object).map(([key, item]) => [key, expected(item)]),
    plain,
  };
}
