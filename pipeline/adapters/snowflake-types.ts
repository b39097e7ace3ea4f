/** Columns as Snowflake declares them, and how the values of a staged Parquet file become theirs. */
import type { Column, ColumnType } from '../contract/column.ts';
import type { NameRules } from './warehouse-names.ts';

/**
 * As the catalog has it. Snowflake folds names without quotes to upper case: a plain name of ours is made so, and can
 * be written without quotes in a query. A name that has capitals or other characters keeps them, and needs quotes.
 */
export const spell = (name: string): string => (PLAIN.test(name) ? name.toUpperCase() : name);

const PLAIN = /^[a-z_][a-z0-9_]*$/;

/** A quoted identifier. */
export const identifier = (name: string): string => `"${spell(name).replaceAll('"', '""')}"`;

/** A quoted text; Snowflake reads backslashes as escapes. */
export const literal = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/** Snowflake counts characters ("Identifier requirements"); ours are at most as many bytes. */
export const NAME_RULES: NameRules = { warehouse: 'Snowflake', nameBytesMax: 255, spell };

export interface SnowflakeColumn {
  readonly declared: string;
  /** From the row of the file, `$1`. A field that the file does not have is null. */
  readonly value: string;
}

export function snowflakeColumn({ name, type }: Column): SnowflakeColumn {
  // In the file the name is as in the contract, and found with regard to case.
  const field = `$1:"${name.replaceAll('"', '""')}"`;
  switch (type.kind) {
    case 'boolean':
      return cast(field, 'BOOLEAN');
    case 'int':
      return integer(field, type);
    case 'float':
    case 'double':
      return cast(field, 'DOUBLE');
    case 'string':
    case 'enum':
      return cast(field, 'VARCHAR');
    case 'bytes':
      return cast(field, 'BINARY');
    case 'json':
      // 'd': a key may be there twice, and the last value counts, as in most readers of JSON.
      return { declared: 'VARIANT', value: `PARSE_JSON(${field}::VARCHAR, 'd')` };
    case 'uuid':
      return { declared: 'VARCHAR', value: uuidText(field) };
    case 'date':
      return cast(field, 'DATE');
    case 'decimal':
      return cast(field, decimal(name, type.precision, type.scale));
    case 'timestamp':
      return cast(field, 'TIMESTAMP_TZ(6)');
    case 'struct':
    case 'list':
    case 'map':
      return cast(field, 'VARIANT');
  }
}

const cast = (field: string, type: string): SnowflakeColumn => ({ declared: type, value: `${field}::${type}` });

const DIGITS = { 8: 3, 16: 5, 32: 10, 64: 19 } as const;

function integer(field: string, { bits, signed }: Extract<ColumnType, { kind: 'int' }>): SnowflakeColumn {
  if (signed || bits < 32) {
    return cast(field, `NUMBER(${DIGITS[bits]}, 0)`);
  }
  // Whether the reader heeds the annotation "unsigned" or not, the number comes out right.
  const number = `${field}::NUMBER(20, 0)`;
  const declared = bits === 32 ? 'NUMBER(10, 0)' : 'NUMBER(20, 0)';
  return { declared, value: `IFF(${number} < 0, ${number} + ${2n ** BigInt(bits)}, ${number})` };
}

const PRECISION_MAX = 38;

function decimal(name: string, precision: number, scale: number): string {
  if (precision > PRECISION_MAX) {
    const reason = `it has ${precision} digits, Snowflake allows ${PRECISION_MAX}`;
    throw new Error(`Cannot declare the column "${name}": ${reason}`);
  }
  return `NUMBER(${precision}, ${scale})`;
}

/** 8-4-4-4-12 hexadecimal digits. */
function uuidText(field: string): string {
  const groups = '(.{8})(.{4})(.{4})(.{4})(.{12})';
  return `REGEXP_REPLACE(LOWER(HEX_ENCODE(${field}::BINARY)), '${groups}', '\\\\1-\\\\2-\\\\3-\\\\4-\\\\5')`;
}
