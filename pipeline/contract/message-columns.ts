/** Columns of a table from the fields of a payload message: one rule per type, in one place. */
import type { Column, ColumnType } from './column.ts';
import type { Field, MessageType, ScalarType, ValueType } from './message.ts';

const SCALAR_COLUMNS: Readonly<Record<ScalarType, ColumnType>> = {
  double: { kind: 'double' },
  float: { kind: 'float' },
  int32: { kind: 'int', bits: 32, signed: true },
  sint32: { kind: 'int', bits: 32, signed: true },
  sfixed32: { kind: 'int', bits: 32, signed: true },
  uint32: { kind: 'int', bits: 32, signed: false },
  fixed32: { kind: 'int', bits: 32, signed: false },
  int64: { kind: 'int', bits: 64, signed: true },
  sint64: { kind: 'int', bits: 64, signed: true },
  sfixed64: { kind: 'int', bits: 64, signed: true },
  uint64: { kind: 'int', bits: 64, signed: false },
  fixed64: { kind: 'int', bits: 64, signed: false },
  bool: { kind: 'boolean' },
  string: { kind: 'string' },
  bytes: { kind: 'bytes' },
};

/**
 * One column per field, in the order of the fields. Only `optional` fields are nullable: a repeated field or a map
 * that was not sent is empty, not null, because Protobuf cannot tell the two apart.
 */
export function messageColumns(message: MessageType): Column[] {
  return message.fields.map(fieldColumn);
}

function fieldColumn(field: Field): Column {
  const nullable = field.cardinality === 'optional';
  return { name: field.name, type: fieldType(field), nullable };
}

function fieldType(field: Field): ColumnType {
  const value = valueType(field.type);
  if (field.cardinality === 'repeated') {
    return { kind: 'list', element: { name: 'element', type: value, nullable: false } };
  }
  if (field.cardinality === 'map') {
    const key = SCALAR_COLUMNS[field.mapKey ?? 'string'];
    return {
      kind: 'map',
      key: { name: 'key', type: key, nullable: false },
      value: { name: 'value', type: value, nullable: false },
    };
  }
  return value;
}

function valueType(type: ValueType): ColumnType {
  switch (type.kind) {
    case 'scalar':
      return SCALAR_COLUMNS[type.scalar];
    case 'enum':
      return { kind: 'enum' };
    case 'timestamp':
      return { kind: 'timestamp', unit: 'micros' };
    case 'message':
      return { kind: 'struct', fields: messageColumns(type.message) };
  }
}
