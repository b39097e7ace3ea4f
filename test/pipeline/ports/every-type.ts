/** A table with a column of every type, and rows at the types' ends. */
import type { Column, ColumnType } from '../../../pipeline/contract/column.ts';
import { PLACE, type Row } from '../load/lake-fixture.ts';

const column = (name: string, type: ColumnType): Column => ({ name, type, nullable: true });
const unsigned = (bits: 32 | 64): ColumnType => ({ kind: 'int', bits, signed: false });
const NESTED: ColumnType = {
  kind: 'struct',
  fields: [column('n', { kind: 'int', bits: 32, signed: true }), column('t', { kind: 'string' })],
};
const CAREFUL: ColumnType = {
  kind: 'struct',
  fields: [
    column('big', unsigned(64)),
    column('raw', { kind: 'bytes' }),
    column('happened', { kind: 'timestamp', unit: 'micros' }),
  ],
};

export const EVERY_TYPE: readonly Column[] = [
  ...PLACE,
  column('flag', { kind: 'boolean' }),
  column('tiny', { kind: 'int', bits: 8, signed: true }),
  column('short', { kind: 'int', bits: 16, signed: false }),
  column('number', { kind: 'int', bits: 32, signed: true }),
  column('naturals', unsigned(32)),
  column('long', { kind: 'int', bits: 64, signed: true }),
  column('huge', unsigned(64)),
  column('single', { kind: 'float' }),
  column('dual', { kind: 'double' }),
  column('name', { kind: 'string' }),
  column('color', { kind: 'enum' }),
  column('raw', { kind: 'bytes' }),
  column('attributes', { kind: 'json' }),
  column('day', { kind: 'date' }),
  column('price', { kind: 'decimal', precision: 12, scale: 2 }),
  column('happened', { kind: 'timestamp', unit: 'micros' }),
  column('one', NESTED),
  column('many', { kind: 'list', element: column('element', NESTED) }),
  column('named', { kind: 'map', key: column('key', { kind: 'string' }), value: column('value', NESTED) }),
];

/** Beside these, for SQL that no stand-in can run. */
export const RARE_TYPES: readonly Column[] = [
  column('id', { kind: 'uuid' }),
  column('careful', CAREFUL),
  column('several', { kind: 'list', element: column('element', CAREFUL) }),
  column('noted', { kind: 'map', key: column('key', { kind: 'string' }), value: column('value', CAREFUL) }),
];

/** `null`s, then values that a wrong cast, a wrong sign or a lost digit would change. */
export const EVERY_TYPE_ROWS: readonly Row[] = [
  {},
  {
    flag: true,
    tiny: -128,
    short: 65_535,
    number: -(2 ** 31),
    naturals: 2 ** 32 - 1,
    long: 9_223_372_036_854_775_807n,
    huge: 18_446_744_073_709_551_615n,
    single: 0.5,
    dual: 0.1,
    name: 'it\'s ü \\ "quoted"',
    color: 'RED',
    raw: Uint8Array.of(0, 255),
    attributes: '{"a": [1, null, "x"]}',
    day: 20_000,
    price: '-1234567890.12',
    happened: 1_700_000_000_123_456n,
    one: { n: 1, t: 'a' },
    many: [{ n: 1, t: 'a' }],
    named: { k: { n: 1, t: 'a' } },
  },
];
