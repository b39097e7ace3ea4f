import type { ColumnType } from '../../../pipeline/contract/column.ts';
import { REDSHIFT_LIMITS } from '../../../pipeline/contract/value-limits.ts';
import { BytesValues } from '../../../pipeline/parquet/bytes-values.ts';
import { valueCheck } from '../../../pipeline/parquet/value-check.ts';

const reasonOf = (type: ColumnType['kind'], value: string | Uint8Array, nested = false): string | undefined => {
  const bytes = Buffer.from(value as string);
  // In the middle of others, as values are in a batch.
  const among = Buffer.concat([Buffer.of(0), bytes, Buffer.of(0)]);
  const check = valueCheck({ kind: type } as ColumnType, nested, REDSHIFT_LIMITS);
  return check(among, 1, 1 + bytes.length)?.reason;
};

const LONG = 'text of at most 65535 bytes is required, Redshift holds no more';
const NUL = 'text without NUL is required, which Redshift may cut';
const DEEP = 'JSON of at most 1000 levels is required, Redshift holds no more';

test.each(['string', 'enum'] as const)('valueCheck counts the bytes of a %s, and not its characters', (kind) => {
  expect(reasonOf(kind, 'a'.repeat(65_535))).toBeUndefined();
  expect(reasonOf(kind, 'a'.repeat(65_536))).toBe(LONG);
  expect(reasonOf(kind, 'ü'.repeat(32_767))).toBeUndefined();
  expect(reasonOf(kind, 'ü'.repeat(32_768))).toBe(LONG);
});

test('valueCheck refuses a NUL wherever it is in a text, short or long', () => {
  expect(reasonOf('string', '')).toBeUndefined();
  expect(['\0', 'a\0b', `${'a'.repeat(100)}\0`].map((text) => reasonOf('string', text))).toEqual([NUL, NUL, NUL]);
  expect(reasonOf('string', '\\u0000')).toBeUndefined();
});

test('valueCheck takes more bytes at the top than inside of other values, and any of them', () => {
  expect(reasonOf('bytes', Buffer.alloc(1_024_000))).toBeUndefined();
  expect(reasonOf('bytes', Buffer.alloc(1_024_001))).toBe('at most 1024000 bytes is required, Redshift holds no more');
  expect(reasonOf('bytes', Buffer.alloc(32_767), true)).toBeUndefined();
  expect(reasonOf('bytes', Buffer.alloc(32_768), true)).toContain('at most 32767 bytes');
});

test.each([
  ['{"a":"\\u0000"}', NUL],
  ['{"\\u0000":1}', NUL],
  ['{"a":"\\\\\\u0000"}', NUL],
  ['{"a":"\\\\u0000"}', undefined],
  ['{"a":"\\"[[[\\u0041"}', undefined],
  [`"${'['.repeat(2_000)}"`, undefined],
  [`${'['.repeat(1_000)}${']'.repeat(1_000)}`, undefined],
  [`${'['.repeat(1_001)}${']'.repeat(1_001)}`, DEEP],
  [`${'{"a":'.repeat(1_001)}1${'}'.repeat(1_001)}`, DEEP],
  [`[${'[],'.repeat(2_000)}[]]`, undefined],
  [`"${'a'.repeat(65_534)}"`, LONG],
])('valueCheck reads JSON: %.20s', (text, reason) => {
  expect(reasonOf('json', text)).toBe(reason);
});

test.each([
  ['repeat themselves', () => 'a'],
  ['are all different', (index: number) => `value ${index}`],
])('BytesValues: a refused value is not there, where values %s', (_, valueAt) => {
  const values = new BytesValues(true, valueCheck({ kind: 'string' }, false, REDSHIFT_LIMITS));
  for (let index = 0; index < 20_000; index++) {
    values.pushString(valueAt(index));
    if (index % 1_000 === 0) values.settle();
  }
  const before = values.byteLength();
  for (const text of ['a\0b', 'x'.repeat(70_000)]) {
    const bytes = Buffer.from(text);
    expect([values.pushString(text), values.pushBytes(bytes, 0, bytes.length)]).toEqual([false, false]);
    expect(values.refusal.reason).toBe(text.length > 3 ? LONG : NUL);
  }
  expect([values.count, values.byteLength()]).toEqual([20_000, before]);
  expect(values.pushString('\ud800')).toBe(false);
  expect(values.refusal.code).toBe('unicode');
});
