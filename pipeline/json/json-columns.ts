/** Columns of a table from a JSON Schema. */
import type { Column, ColumnType } from '../contract/column.ts';
import type { JsonObject, JsonType } from './json-type.ts';

/** One column per property, in their order; a property that may be absent or null is a nullable column. */
export function jsonSchemaColumns({ properties }: JsonObject): Column[] {
  return properties.map(({ name, type, required }) => column(name, type, !required || type.nullable));
}

function column(name: string, type: JsonType, nullable = type.nullable): Column {
  return { name, type: columnType(type), nullable };
}

function columnType(type: JsonType): ColumnType {
  switch (type.kind) {
    case 'leaf':
      return type.column;
    case 'object':
      return { kind: 'struct', fields: jsonSchemaColumns(type) };
    case 'array':
      return { kind: 'list', element: column('element', type.items) };
    case 'map': {
      const key: Column = { name: 'key', type: { kind: 'string' }, nullable: false };
      return { kind: 'map', key, value: column('value', type.values) };
    }
  }
}
