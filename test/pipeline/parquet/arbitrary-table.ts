/** Random tables: columns of every type and nesting, with rows that fit them. */
import fc from 'fast-check';
import type { Column, ColumnType } from '../../../pipeline/contract/column.ts';

export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly Record<string, unknown>[];
}

const LEAF_TYPES: readonly ColumnType[] = [
  { kind: 'boolean' },
  { kind: 'int', bits: 8, signed: true },
  { kind: 'int', bits: 8, signed: false },
  { kind: 'int', bits: 16, signed: true },
  { kind: 'int', bits: 16, signed: false },
  { kind: 'int', bits: 32, signed: true },
  { kind: 'int', bits: 32, signed: false },
  { kind: 'int', bits: 64, signed: true },
  { kind: 'int', bits: 64, signed: false },
  { kind: 'float' },
  { kind: 'double' },
  { kind: 'string' },
  { kind: 'bytes' },
  { kind: 'enum' },
  { kind: 'json' },
  { kind: 'uuid' },
  { kind: 'date' },
  { kind: 'decimal', precision: 7, scale: 2 },
  { kind: 'decimal', precision: 18, scale: 0 },
  { kind: 'decimal', precision: 38, scale: 10 },
  { kind: 'timestamp', unit: 'micros' },
  { kind: 'timestamp', unit: 'millis' },
];

/** @param rowsMax upper bound of the row count @param nesting how deep structs, lists and maps may nest */
export function arbitraryTable(rowsMax: number, nesting: number): fc.Arbitrary<Table> {
  const columns = fc.array(arbitraryColumn(nesting), { minLength: 1, maxLength: 5 }).map(numbered);
  return columns.chain((some) =>
    fc.array(arbitraryStruct(some), { maxLength: rowsMax }).map((rows) => ({ columns: some, rows })),
  );
}

/** A table with each leaf type, required and nullable. */
export function everyLeafType(): readonly Column[] {
  return numbered(
    LEAF_TYPES.flatMap((type) => [
      { name: '', type, nullable: false },
      { name: '', type, nullable: true },
    ]),
  );
}

const NESTINGS: readonly ((leaf: Column) => Column)[] = [
  (leaf) => struct(leaf, false),
  (leaf) => struct(leaf, true),
  (leaf) => list(leaf, false),
  (leaf) => list(leaf, true),
  (leaf) => map(leaf, false),
  (leaf) => map(leaf, true),
  (leaf) => list(struct(leaf, true), true),
  (leaf) => list(list(leaf, true), false),
  (leaf) => map(list(leaf, false), true),
  (leaf) => struct(map(struct(leaf, false), true), true),
];

/** A table with each leaf type, required and nullable, in each kind of nesting: 440 columns. */
export function everyNesting(): readonly Column[] {
  return numbered(NESTINGS.flatMap((nest) => everyLeafType().map(nest)));
}

function struct(field: Column, nullable: boolean): Column {
  return { name: '', type: { kind: 'struct', fields: numbered([field]) }, nullable };
}

function list(element: Column, nullable: boolean): Column {
  return { name: '', type: { kind: 'list', element: { ...element, name: 'element' } }, nullable };
}

function map(value: Column, nullable: boolean): Column {
  const key: Column = { name: 'key', type: { kind: 'string' }, nullable: false };
  return { name: '', type: { kind: 'map', key, value: { ...value, name: 'value' } }, nullable };
}

/** Values of a struct or row with these columns. */
export function arbitraryStruct(columns: readonly Column[]): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(Object.fromEntries(columns.map((column) => [column.name, arbitraryValue(column)])));
}

function numbered(columns: readonly Column[]): readonly Column[] {
  return columns.map((column, i) => ({ ...column, name: `c${i}` }));
}

function arbitraryColumn(nesting: number): fc.Arbitrary<Column> {
  return fc
    .tuple(arbitraryType(nesting), fc.boolean())
    .map(([type, nullable]) => ({ name: 'element', type, nullable }));
}

function arbitraryType(nesting: number): fc.Arbitrary<ColumnType> {
  const leaf = fc.constantFrom(...LEAF_TYPES);
  if (nesting === 0) return leaf;
  const element = arbitraryColumn(nesting - 1);
  const keyType = fc.constantFrom<ColumnType>({ kind: 'string' }, { kind: 'int', bits: 32, signed: true });
  return fc.oneof(
    leaf,
    fc
      .array(element, { minLength: 1, maxLength: 3 })
      .map((fields): ColumnType => ({ kind: 'struct', fields: numbered(fields) })),
    element.map((one): ColumnType => ({ kind: 'list', element: one })),
    fc.tuple(keyType, element).map(
      ([type, value]): ColumnType => ({
        kind: 'map',
        key: { name: 'key', type, nullable: false },
        value: { ...value, name: 'value' },
      }),
    ),
  );
}

function arbitraryValue({ type, nullable }: Column): fc.Arbitrary<unknown> {
  const value = arbitraryOf(type);
  return nullable ? fc.option(value, { nil: null }) : value;
}

const YEARS = { min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true };
const MICROS = { min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n };
const TEXT = fc.string({ unit: 'grapheme', maxLength: 80 }).map((text) => text.replaceAll('\0', ' '));

function arbitraryOf(type: ColumnType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'boolean':
      return fc.boolean();
    case 'int':
      return arbitraryInt(type.bits, type.signed);
    case 'float':
      return fc.float();
    case 'double':
      return fc.double();
    case 'string':
    case 'enum':
      return fc.oneof(fc.constantFrom('a', 'b', ''), TEXT);
    case 'json':
      return fc.json();
    case 'bytes':
      return fc.uint8Array({ maxLength: 100 });
    case 'uuid':
      return fc.uuid();
    case 'date':
      return fc.date(YEARS).map((date) => Math.floor(date.getTime() / 86_400_000));
    case 'timestamp':
      return type.unit === 'millis' ? fc.date(YEARS) : fc.bigInt(MICROS);
    case 'decimal':
      return fc.bigInt({ min: -(10n ** BigInt(type.precision)) + 1n, max: 10n ** BigInt(type.precision) - 1n });
    case 'struct':
      return arbitraryStruct(type.fields);
    case 'list':
      return fc.array(arbitraryValue(type.element), { maxLength: 4 });
    case 'map':
      return fc
        .uniqueArray(fc.tuple(arbitraryValue(type.key), arbitraryValue(type.value)), {
          maxLength: 4,
          selector: ([key]) => key,
        })
        .map((entries) => new Map(entries));
  }
}

function arbitraryInt(bits: number, signed: boolean): fc.Arbitrary<number | bigint> {
  const min = signed ? -(2n ** BigInt(bits - 1)) : 0n;
  const max = signed ? 2n ** BigInt(bits - 1) - 1n : 2n ** BigInt(bits) - 1n;
  return bits === 64 ? fc.bigInt({ min, max }) : fc.integer({ min: Number(min), max: Number(max) });
}
