import type { ColumnType } from '../../../pipeline/contract/column.ts';
import { ParquetWriter } from '../../../pipeline/parquet/parquet-writer.ts';

const INT = (bits: 8 | 16 | 32 | 64, signed: boolean): ColumnType => ({ kind: 'int', bits, signed });

const REFUSED: readonly [string, ColumnType, unknown, string][] = [
  ['a fraction for an integer', INT(32, true), 1.5, 'range'],
  ['NaN for an integer', INT(32, true), Number.NaN, 'range'],
  ['text for an integer', INT(32, true), '12', 'type'],
  ['a byte below its range', INT(8, true), -129, 'range'],
  ['a byte above its range', INT(8, false), 256, 'range'],
  ['a short above its range', INT(16, true), 32_768, 'range'],
  ['an int above its range', INT(32, true), 2_147_483_648, 'range'],
  ['a negative unsigned int', INT(32, false), -1, 'range'],
  ['a long above its range', INT(64, true), 2n ** 63n, 'range'],
  ['a negative unsigned long', INT(64, false), -1n, 'range'],
  ['a negative unsigned long as number', INT(64, false), -1, 'range'],
  ['a number that has lost digits', INT(64, true), 2 ** 53, 'range'],
  ['text for a number', { kind: 'double' }, '1.5', 'type'],
  ['a bigint for a double', { kind: 'double' }, 1n, 'type'],
  ['a double beyond floats', { kind: 'float' }, 1e39, 'range'],
  ['a number for text', { kind: 'string' }, 5, 'type'],
  ['half of a surrogate pair', { kind: 'string' }, 'a\ud800', 'unicode'],
  ['the other half first', { kind: 'string' }, '\udc00\ud800', 'unicode'],
  ['half of a pair in long text', { kind: 'string' }, `${'x'.repeat(100)}\ud800`, 'unicode'],
  ['text that is not JSON', { kind: 'json' }, '{a}', 'type'],
  ['an object for JSON text', { kind: 'json' }, { a: 1 }, 'type'],
  ['text for bytes', { kind: 'bytes' }, 'abc', 'type'],
  ['text that is no UUID', { kind: 'uuid' }, '123e4567e89b12d3a456426614174000', 'type'],
  ['bytes of another length for a UUID', { kind: 'uuid' }, new Uint8Array(15), 'type'],
  ['a number for a boolean', { kind: 'boolean' }, 1, 'type'],
  ['a date with a time', { kind: 'date' }, new Date(1), 'range'],
  ['a date before year 1', { kind: 'date' }, -800_000, 'range'],
  ['an invalid date', { kind: 'timestamp', unit: 'micros' }, new Date(Number.NaN), 'range'],
  ['a time after year 9999', { kind: 'timestamp', unit: 'micros' }, 253_402_300_800_000_000n, 'range'],
  ['a time before year 1', { kind: 'timestamp', unit: 'millis' }, new Date(-62_135_596_800_001), 'range'],
  ['text for a time', { kind: 'timestamp', unit: 'micros' }, '2026-01-01', 'type'],
  ['a fraction of a microsecond', { kind: 'timestamp', unit: 'micros' }, 0.5, 'range'],
  ['too many digits', { kind: 'decimal', precision: 4, scale: 2 }, '123.45', 'range'],
  ['too many decimals', { kind: 'decimal', precision: 4, scale: 2 }, '1.234', 'range'],
  ['a decimal with an exponent', { kind: 'decimal', precision: 4, scale: 2 }, 1e-7, 'type'],
  [
    'an object for a list',
    { kind: 'list', element: { name: 'element', type: INT(32, true), nullable: false } },
    {},
    'type',
  ],
  ['nothing for a required value', INT(32, true), null, 'missing'],
];

describe.each([
  ['generated code', true],
  ['closures', false],
] as const)('ParquetWriter.appendRow by %s', (_, generatesCode) => {
  test.each(REFUSED)('refuses %s', (__, type, value, code) => {
    const writer = new ParquetWriter([{ name: 'field', type, nullable: false }], { generatesCode });
    expect(writer.appendRow({ field: value })).toMatchObject({ code, path: 'field' });
    expect(writer.rowCount).toBe(0);
  });
});

test('ParquetWriter.appendRow: tells the path of a value deep inside', () => {
  const price: ColumnType = { kind: 'struct', fields: [{ name: 'price', type: INT(32, true), nullable: true }] };
  const items: ColumnType = { kind: 'list', element: { name: 'element', type: price, nullable: true } };
  const writer = new ParquetWriter([{ name: 'items', type: items, nullable: true }]);
  expect(writer.appendRow({ items: [null, { price: 1 }, { price: 0.5 }] })).toEqual({
    code: 'range',
    path: 'items[2].price',
    reason: 'an integer is required, not a fraction, NaN or infinity',
  });
});
