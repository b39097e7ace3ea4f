/** Columns as DuckDB declares them. */
import type { Column, ColumnType } from '../contract/column.ts';

/** A quoted identifier. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The type that DuckDB's Parquet reader gives a column of ours, so that loading casts nothing. */
export function duckdbType(type: ColumnType): string {
  switch (type.kind) {
    case 'boolean':
      return 'BOOLEAN';
    case 'int':
      return `${type.signed ? '' : 'U'}${INTEGERS[type.bits]}`;
    case 'float':
      return 'FLOAT';
    case 'double':
      return 'DOUBLE';
    case 'string':
    case 'enum':
      return 'VARCHAR';
    case 'bytes':
      return 'BLOB';
    case 'json':
      return 'JSON';
    case 'uuid':
      return 'UUID';
    case 'date':
      return 'DATE';
    case 'decimal':
      return `DECIMAL(${type.precision}, ${type.scale})`;
    case 'timestamp':
      return 'TIMESTAMP WITH TIME ZONE';
    case 'struct':
      return `STRUCT(${type.fields.map(declaration).join(', ')})`;
    case 'list':
      return `${duckdbType(type.element.type)}[]`;
    case 'map':
      return `MAP(${duckdbType(type.key.type)}, ${duckdbType(type.value.type)})`;
  }
}

const INTEGERS = { 8: 'TINYINT', 16: 'SMALLINT', 32: 'INTEGER', 64: 'BIGINT' } as const;

/** `"name" TYPE`, as in a table or a struct. */
export const declaration = ({ name, type }: Column): string => `${identifier(name)} ${duckdbType(type)}`;

/** A text literal. */
export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
