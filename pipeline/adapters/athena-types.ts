/** Columns of an Iceberg table as Athena declares them, and how values of the lake's files become theirs. */
import type { Column, ColumnType } from '../contract/column.ts';
import type { NameRules } from './warehouse-names.ts';

/** Glue's names are lower case, quoted or not. */
export const spell = (name: string): string => name.toLowerCase();

/** In queries, which are Trino's. */
export const identifier = (name: string): string => `"${spell(name).replaceAll('"', '""')}"`;

/** In DDL, which is Hive's. */
export const ddlIdentifier = (name: string): string => `\`${spell(name)}\``;

export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** "Special characters other than underscore are not supported" (Athena, names of tables and columns). */
export const NAME_RULES: NameRules = {
  warehouse: 'Athena',
  nameBytesMax: 255,
  spell,
  allowed: { pattern: /^[A-Za-z0-9_]+$/, words: 'letters, digits and underscores' },
};

export interface AthenaColumn {
  /** In the Iceberg table. */
  readonly declared: string;
  /** In the external table over the lake's files, which are matched by name. */
  readonly staged: string;
  /** From the external table's quoted column to the Iceberg table's type. */
  value(staged: string): string;
}

export function athenaColumn({ name, type }: Column): AthenaColumn {
  switch (type.kind) {
    case 'boolean':
    case 'float':
    case 'double':
    case 'date':
      return same(type.kind);
    case 'int':
      return integer(type);
    case 'string':
    case 'enum':
    case 'json':
      return same('string');
    case 'bytes':
      return same('binary');
    case 'uuid':
      return { declared: 'string', staged: 'binary', value: uuidText };
    case 'decimal':
      return same(decimal(name, type.precision, type.scale));
    case 'timestamp':
      return {
        declared: 'timestamp',
        staged: 'bigint',
        value: (staged) => `CAST(${instant(staged, type.unit)} AT TIME ZONE 'UTC' AS timestamp(6))`,
      };
    case 'struct':
    case 'list':
    case 'map':
      return { declared: 'string', staged: stagedType(type), value: (staged) => `json_format(${json(staged, type)})` };
  }
}

const same = (type: string): AthenaColumn => ({ declared: type, staged: type, value: (staged) => staged });

function integer({ bits, signed }: Extract<ColumnType, { kind: 'int' }>): AthenaColumn {
  if (signed || bits < 32) {
    return same(bits === 64 ? 'bigint' : 'int');
  }
  // Whether the reader heeds the annotation "unsigned" or not, the number comes out right.
  if (bits === 32) {
    return {
      declared: 'bigint',
      staged: 'bigint',
      value: (staged) => `CASE WHEN ${staged} < 0 THEN ${staged} + ${2n ** 32n} ELSE ${staged} END`,
    };
  }
  const wide = 'decimal(20, 0)';
  const wrapped = `CAST(${literal(String(2n ** 64n))} AS ${wide})`;
  return {
    declared: wide,
    staged: 'bigint',
    value: (staged) =>
      `CASE WHEN ${staged} < 0 THEN CAST(CAST(${staged} AS ${wide}) + ${wrapped} AS ${wide}) ELSE CAST(${staged} AS ${wide}) END`,
  };
}

const PRECISION_MAX = 38;

function decimal(name: string, precision: number, scale: number): string {
  if (precision > PRECISION_MAX) {
    throw new Error(`Cannot declare the column "${name}": it has ${precision} digits, Athena allows ${PRECISION_MAX}`);
  }
  return `decimal(${precision}, ${scale})`;
}

/**
 * Athena reads timestamps of files as milliseconds; as numbers they are whole. The factor is a decimal, because times
 * after the year 2262 are more nanoseconds than 64 bits hold.
 */
const instant = (staged: string, unit: 'micros' | 'millis'): string =>
  `from_unixtime_nanos(CAST(${staged} AS decimal(38, 0)) * ${unit === 'micros' ? 1_000 : 1_000_000})`;

/** 8-4-4-4-12 hexadecimal digits. */
const uuidText = (staged: string): string =>
  `regexp_replace(lower(to_hex(${staged})), '^(.{8})(.{4})(.{4})(.{4})(.{12})$', '$1-$2-$3-$4-$5')`;

function stagedType(type: ColumnType): string {
  switch (type.kind) {
    case 'struct':
      return `struct<${type.fields.map((field) => `${ddlIdentifier(field.name)}:${stagedType(field.type)}`).join(',')}>`;
    case 'list':
      return `array<${stagedType(type.element.type)}>`;
    case 'map':
      return `map<${stagedType(type.key.type)},${stagedType(type.value.type)}>`;
    default:
      return athenaColumn({ name: '', type, nullable: true }).staged.replace(', ', ',');
  }
}

/**
 * A value as Trino's JSON. Nested columns are JSON text in the table, because Athena's DDL cannot add a field inside a
 * struct. Whole values are cast where that keeps them; structs, for their names, and bytes, times and unsigned numbers
 * are written one by one.
 */
function json(value: string, type: ColumnType, depth = 0): string {
  if (isPlain(type)) {
    return `CAST(${value} AS JSON)`;
  }
  const item = `x${depth}`;
  switch (type.kind) {
    case 'struct': {
      const fields = type.fields.map((field) => json(`${value}.${identifier(field.name)}`, field.type, depth));
      const keys = type.fields.map(({ name }) => literal(name)).join(', ');
      return `IF(${value} IS NULL, NULL, CAST(MAP(ARRAY[${keys}], ARRAY[${fields.join(', ')}]) AS JSON))`;
    }
    case 'list':
      return `CAST(transform(${value}, ${item} -> ${json(item, type.element.type, depth + 1)}) AS JSON)`;
    case 'map':
      return `CAST(transform_values(${value}, (k${depth}, ${item}) -> ${json(item, type.value.type, depth + 1)}) AS JSON)`;
    case 'bytes':
      return `CAST(to_base64(${value}) AS JSON)`;
    case 'json':
      return `json_parse(${value})`;
    case 'timestamp':
      return `CAST(to_iso8601(${instant(value, type.unit)}) AS JSON)`;
    default:
      return `CAST(${athenaColumn({ name: '', type, nullable: true }).value(value)} AS JSON)`;
  }
}

/** Whether a cast to JSON keeps the value as it is. */
function isPlain(type: ColumnType): boolean {
  switch (type.kind) {
    case 'struct':
      // A cast of a row writes Glue's names, which are lower case.
      return false;
    case 'list':
      return isPlain(type.element.type);
    case 'map':
      return isPlain(type.key.type) && isPlain(type.value.type);
    case 'int':
      return type.signed || type.bits < 32;
    default:
      return !['bytes', 'json', 'timestamp', 'uuid'].includes(type.kind);
  }
}
