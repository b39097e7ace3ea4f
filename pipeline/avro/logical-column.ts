/** Avro's logical types as column types. */
import type { ColumnType } from '../contract/column.ts';
import { AvroSchemaError } from './avro-schema-error.ts';
import type { AvroLeaf } from './avro-type.ts';

/** What warehouses hold. */
const DECIMAL_DIGITS_MAX = 38;

/**
 * The column of a type with a `logicalType`; the type's own column where tables have none for it (time, duration,
 * local timestamps, nanoseconds). Stricter than the specification, which would ignore a logical type that does not fit.
 *
 * @throws AvroSchemaError where the logical type does not fit its type
 */
export function logicalColumn(schema: Readonly<Record<string, unknown>>, leaf: AvroLeaf, path: string): ColumnType {
  const logical = schema['logicalType'];
  switch (logical) {
    case 'date':
      return on(leaf, leaf.wire === 'int', { kind: 'date' }, 'date is an int', path);
    case 'timestamp-millis':
      return on(leaf, leaf.wire === 'long', { kind: 'timestamp', unit: 'millis' }, `${logical} is a long`, path);
    case 'timestamp-micros':
      return on(leaf, leaf.wire === 'long', { kind: 'timestamp', unit: 'micros' }, `${logical} is a long`, path);
    case 'uuid': {
      const fits = leaf.wire === 'string' || leaf.size === 16;
      return on(leaf, fits, { kind: 'uuid' }, 'uuid is a string or a fixed of 16 bytes', path);
    }
    case 'decimal':
      return decimal(schema, leaf, path);
    default:
      return leaf.column;
  }
}

function on(leaf: AvroLeaf, fits: boolean, column: ColumnType, allowed: string, path: string): ColumnType {
  if (fits) return column;
  throw new AvroSchemaError(path, `a logical type does not fit ${leaf.wire}: ${allowed}`);
}

function decimal(schema: Readonly<Record<string, unknown>>, leaf: AvroLeaf, path: string): ColumnType {
  const { precision, scale = 0 } = schema;
  const isDigits = (value: unknown, min: number, max: number): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
  const max = leaf.wire === 'fixed' ? Math.floor(Math.log10(2) * (8 * leaf.size - 1)) : DECIMAL_DIGITS_MAX;
  if (!isDigits(precision, 1, Math.min(max, DECIMAL_DIGITS_MAX)) || !isDigits(scale, 0, precision)) {
    const allowed = `a precision of 1 to ${Math.min(max, DECIMAL_DIGITS_MAX)} digits and a scale of 0 to all of them`;
    throw new AvroSchemaError(path, `a decimal needs ${allowed}`);
  }
  const fits = leaf.wire === 'bytes' || leaf.wire === 'fixed';
  return on(leaf, fits, { kind: 'decimal', precision, scale }, 'decimal is bytes or a fixed', path);
}
