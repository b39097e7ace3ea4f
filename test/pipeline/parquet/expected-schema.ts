/** What the schema of a file must be by the Parquet format, spelled out apart from the writer. */
import type { Column, ColumnType } from '../../../pipeline/contract/column.ts';

export interface ExpectedElement {
  readonly name: string;
  readonly repetition: 'REQUIRED' | 'OPTIONAL' | 'REPEATED';
  readonly physical: string | null;
  /** As parquet-java prints it. */
  readonly logical: string | null;
  /** Bytes of a FIXED_LEN_BYTE_ARRAY, else 0. */
  readonly length: number;
  readonly fields: readonly ExpectedElement[];
}

/** The elements below the root. */
export function expectedSchema(columns: readonly Column[]): readonly ExpectedElement[] {
  return columns.map((column) => expectedElement(column.name, column));
}

/** The elements in the order of the footer, without the root. */
export function flattened(elements: readonly ExpectedElement[]): readonly ExpectedElement[] {
  return elements.flatMap((element) => [element, ...flattened(element.fields)]);
}

function expectedElement(name: string, { type, nullable }: Column): ExpectedElement {
  const repetition = nullable ? 'OPTIONAL' : 'REQUIRED';
  const group = (logical: string | null, fields: readonly ExpectedElement[]) =>
    ({ name, repetition, physical: null, logical, length: 0, fields }) as const;
  const repeated = (inner: string, fields: readonly ExpectedElement[]): ExpectedElement => {
    return { name: inner, repetition: 'REPEATED', physical: null, logical: null, length: 0, fields };
  };
  switch (type.kind) {
    case 'struct':
      return group(null, expectedSchema(type.fields));
    case 'list':
      return group('LIST', [repeated('list', [expectedElement('element', type.element)])]);
    case 'map': {
      const entry = [expectedElement('key', type.key), expectedElement('value', type.value)];
      return group('MAP', [repeated('key_value', entry)]);
    }
    default: {
      const [physical, logical, length = 0] = leafForm(type);
      return { name, repetition, physical, logical, length, fields: [] };
    }
  }
}

function leafForm(type: ColumnType): readonly [physical: string, logical: string | null, length?: number] {
  switch (type.kind) {
    case 'boolean':
      return ['BOOLEAN', null];
    case 'int':
      return [type.bits === 64 ? 'INT64' : 'INT32', `INTEGER(${type.bits},${type.signed})`];
    case 'float':
      return ['FLOAT', null];
    case 'double':
      return ['DOUBLE', null];
    case 'date':
      return ['INT32', 'DATE'];
    case 'timestamp':
      return ['INT64', `TIMESTAMP(${type.unit.toUpperCase()},true)`];
    case 'uuid':
      return ['FIXED_LEN_BYTE_ARRAY', 'UUID', 16];
    case 'decimal':
      return decimalForm(type.precision, `DECIMAL(${type.precision},${type.scale})`);
    case 'bytes':
      return ['BYTE_ARRAY', null];
    default:
      return ['BYTE_ARRAY', type.kind.toUpperCase()];
  }
}

/** The least bytes that hold the digits and a sign. */
function decimalForm(precision: number, logical: string): readonly [string, string, number?] {
  if (precision <= 9) return ['INT32', logical];
  if (precision <= 18) return ['INT64', logical];
  let length = 8;
  while (10n ** BigInt(precision) > 2n ** BigInt(length * 8 - 1)) length++;
  return ['FIXED_LEN_BYTE_ARRAY', logical, length];
}
