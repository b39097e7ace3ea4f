/** Columns as Redshift declares them, and how COPY's values become theirs. */
import type { Column, ColumnType } from '../contract/column.ts';
import { REDSHIFT_LIMITS } from '../contract/value-limits.ts';
import type { NameRules } from './warehouse-names.ts';

/**
 * A quoted identifier. Redshift folds names to lower case, quoted or not, unless `enable_case_sensitive_identifier` is
 * set; folding them here makes it the same under both settings.
 */
export const identifier = (name: string): string => `"${spell(name).replaceAll('"', '""')}"`;

/** As the catalog has it. */
export const spell = (name: string): string => name.toLowerCase();

/** Redshift, "Names and identifiers". */
export const NAME_RULES: NameRules = { warehouse: 'Redshift', nameBytesMax: 127, spell };

/** The longest that a column can hold; longer values were refused before they came into the lake. */
const TEXT = `VARCHAR(${REDSHIFT_LIMITS.textBytesMax})`;
const BINARY = `VARBYTE(${REDSHIFT_LIMITS.binaryBytesMax})`;
const JSON_TYPE = 'SUPER';

/** A column of the table, and the column that COPY fills. */
export interface RedshiftColumn {
  readonly declared: string;
  /** The type of the same column in the staging table. COPY compares it with the Parquet file's physical type. */
  readonly staged: string;
  /** From the staged column's quoted name to the declared type. */
  value(staged: string): string;
}

/**
 * COPY of Parquet casts nothing and knows no unsigned, JSON, UUID or zoned types: what it reads is staged as the
 * physical type, and cast on the way into the table.
 */
export function redshiftColumn({ name, type }: Column): RedshiftColumn {
  switch (type.kind) {
    case 'boolean':
      return same('BOOLEAN');
    case 'int':
      return integer(type);
    case 'float':
      return same('REAL');
    case 'double':
      return same('DOUBLE PRECISION');
    case 'string':
    case 'enum':
      return same(TEXT);
    case 'bytes':
      return same(BINARY);
    case 'json':
      return { declared: JSON_TYPE, staged: TEXT, value: (staged) => `JSON_PARSE(${staged})` };
    case 'uuid':
      return { declared: 'VARCHAR(36)', staged: 'VARBYTE(16)', value: uuidText };
    case 'date':
      return same('DATE');
    case 'decimal':
      return same(decimal(name, type.precision, type.scale));
    case 'timestamp':
      return { declared: 'TIMESTAMPTZ', staged: 'TIMESTAMP', value: (staged) => `${staged} AT TIME ZONE 'UTC'` };
    case 'struct':
    case 'list':
    case 'map':
      return same(JSON_TYPE);
  }
}

/** Read as one value of SUPER with `SERIALIZETOJSON`. */
export const isNested = ({ type }: Column): boolean => ['struct', 'list', 'map'].includes(type.kind);

const same = (type: string): RedshiftColumn => ({ declared: type, staged: type, value: (staged) => staged });

function integer({ bits, signed }: Extract<ColumnType, { kind: 'int' }>): RedshiftColumn {
  if (signed) {
    // Parquet stores 8 and 16 bits as 32.
    const declared = { 8: 'SMALLINT', 16: 'SMALLINT', 32: 'INTEGER', 64: 'BIGINT' }[bits];
    return { declared, staged: bits === 64 ? 'BIGINT' : 'INTEGER', value: (staged) => cast(staged, declared) };
  }
  if (bits < 32) {
    const declared = bits === 8 ? 'SMALLINT' : 'INTEGER';
    return { declared, staged: 'INTEGER', value: (staged) => cast(staged, declared) };
  }
  // The upper half of the unsigned numbers comes as negative ones.
  const [declared, staged, span] =
    bits === 32 ? ['BIGINT', 'INTEGER', 2n ** 32n] : ['DECIMAL(20, 0)', 'BIGINT', 2n ** 64n];
  const value = (from: string) =>
    `${cast(from, declared)} + CASE WHEN ${from} < 0 THEN ${cast(String(span), declared)} ELSE 0 END`;
  return { declared, staged, value };
}

const cast = (value: string, type: string): string => `CAST(${value} AS ${type})`;

const PRECISION_MAX = 38;

function decimal(name: string, precision: number, scale: number): string {
  if (precision > PRECISION_MAX) {
    const reason = `it has ${precision} digits, Redshift allows ${PRECISION_MAX}`;
    throw new Error(`Cannot declare the column "${name}": ${reason}`);
  }
  return `DECIMAL(${precision}, ${scale})`;
}

/** 8-4-4-4-12 hexadecimal digits. */
function uuidText(staged: string): string {
  const digits = `FROM_VARBYTE(${staged}, 'hex')`;
  const groups = [
    [1, 8],
    [9, 4],
    [13, 4],
    [17, 4],
    [21, 12],
  ];
  return groups.map(([from, length]) => `SUBSTRING(${digits}, ${from}, ${length})`).join(` || '-' || `);
}
