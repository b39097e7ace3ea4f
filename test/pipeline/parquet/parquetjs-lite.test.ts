import parquet from 'parquetjs-lite';
import type { Column, ColumnType } from '../../../pipeline/contract/column.ts';
import { ParquetWriter } from '../../../pipeline/parquet/parquet-writer.ts';

const int = (bits: 8 | 16 | 32 | 64, signed: boolean): ColumnType => ({ kind: 'int', bits, signed });
const column = (name: string, type: ColumnType): Column => ({ name, type, nullable: true });
const uuid = (i: number) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;

/**
 * The types that it knows: it fails on DECIMAL and on TIMESTAMP_MILLIS. Values all differ, as it has no decoder for
 * RLE_DICTIONARY. Each with the i-th value, and the form in which it must come back.
 */
const TYPES: readonly [string, ColumnType, (i: number) => unknown, ((i: number) => unknown)?][] = [
  ['INT_8', int(8, true), (i) => i - 60],
  ['UINT_8', int(8, false), (i) => i + 100],
  ['INT_16', int(16, true), (i) => i * 9 - 500],
  ['UINT_16', int(16, false), (i) => i + 65_000],
  ['INT_32', int(32, true), (i) => i * 99_999 - 5],
  ['UINT_32', int(32, false), (i) => i * 99_999],
  ['INT_64', int(64, true), (i) => 2n ** 62n - BigInt(i)],
  ['UINT_64', int(64, false), (i) => 2n ** 62n + BigInt(i)],
  ['FLOAT', { kind: 'float' }, (i) => i / 8],
  ['DOUBLE', { kind: 'double' }, (i) => i / 7],
  ['BOOLEAN', { kind: 'boolean' }, (i) => i % 3 === 0],
  ['UTF8', { kind: 'string' }, (i) => `größe ${i}`],
  ['ENUM', { kind: 'enum' }, (i) => `E${i}`],
  ['JSON', { kind: 'json' }, (i) => `{"a":${i}}`, (i) => ({ a: i })],
  ['BYTE_ARRAY', { kind: 'bytes' }, (i) => Buffer.from([0xff, i])],
  ['DATE', { kind: 'date' }, (i) => i, (i) => new Date(i * 86_400_000)],
  ['TIMESTAMP_MICROS', { kind: 'timestamp', unit: 'micros' }, (i) => i * 1000, (i) => new Date(i)],
  ['FIXED_LEN_BYTE_ARRAY', { kind: 'uuid' }, uuid, (i) => Buffer.from(uuid(i).replaceAll('-', ''), 'hex')],
  [
    'LIST',
    { kind: 'list', element: column('element', { kind: 'string' }) },
    (i) => [`a${i}`, null, `b${i}`],
    (i) => ({ list: [{ element: `a${i}` }, {}, { element: `b${i}` }] }),
  ],
  [
    'MAP',
    {
      kind: 'map',
      key: { ...column('key', { kind: 'string' }), nullable: false },
      value: column('value', int(32, true)),
    },
    (i) =>
      new Map([
        [`k${i}`, i],
        [`l${i}`, null],
      ]),
    (i) => ({ key_value: [{ key: `k${i}`, value: i }, { key: `l${i}` }] }),
  ],
  ['a group', { kind: 'struct', fields: [column('x', { kind: 'double' })] }, (i) => ({ x: i / 3 })],
];

test.each(TYPES.map(([name, type, valueAt, formAt = valueAt]) => ({ name, type, valueAt, formAt })))(
  'ParquetWriter: parquetjs-lite reads $name, required and optional',
  async ({ type, valueAt, formAt }) => {
    for (const nullable of [false, true]) {
      for (const options of [{ compression: 'snappy' }, { compression: 'uncompressed', pageRows: 7 }] as const) {
        const writer = new ParquetWriter([{ name: 'value', type, nullable }], options);
        const isNull = (i: number) => nullable && i % 4 === 1;
        for (let i = 0; i < 60; i++) expect(writer.appendRow({ value: isNull(i) ? null : valueAt(i) })).toBeUndefined();
        const reader = await parquet.ParquetReader.openBuffer(Buffer.from(writer.finish()));
        const cursor = reader.getCursor();
        for (let i = 0; i < 60; i++) {
          expect(await cursor.next()).toEqual(isNull(i) ? {} : { value: formAt(i) });
        }
        expect(await cursor.next()).toBeNull();
      }
    }
  },
);
