/** Columns of a table from an Avro schema. */
import type { Column, ColumnType } from '../contract/column.ts';
import type { AvroRecord, AvroType } from './avro-type.ts';

/** One column per field, in the order of the fields; a union with null is a nullable column, and nothing else is. */
export function avroColumns(record: AvroRecord): Column[] {
  return record.fields.map(({ name, type }) => column(name, type));
}

/** What a type is in a table. */
export function avroColumnType(type: AvroType): ColumnType {
  switch (type.kind) {
    case 'leaf':
      return type.column;
    case 'enum':
      return { kind: 'enum' };
    case 'array':
      return { kind: 'list', element: column('element', type.items) };
    case 'map': {
      const key: Column = { name: 'key', type: { kind: 'string' }, nullable: false };
      return { kind: 'map', key, value: column('value', type.values) };
    }
    case 'optional':
      return avroColumnType(type.type);
    case 'record':
      return { kind: 'struct', fields: avroColumns(type) };
  }
}

function column(name: string, type: AvroType): Column {
  return { name, type: avroColumnType(type), nullable: type.kind === 'optional' };
}
