/** The descriptor of a message for protobuf-es, which is the independent reader in these tests. */
import { create, createFileRegistry, type DescMessage } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  EnumDescriptorProtoSchema,
  EnumValueDescriptorProtoSchema,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  file_google_protobuf_timestamp,
  OneofDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import type { Field, MessageType, ValueType } from '../../../pipeline/contract/message.ts';
import { lastPart } from '../contract/arbitrary-message.ts';

const { REPEATED, OPTIONAL } = FieldDescriptorProto_Label;
const { ENUM, MESSAGE } = FieldDescriptorProto_Type;

/** @param message its name must have no package, and nested types must be named inside the message that uses them. */
export function messageDescriptor(message: MessageType): DescMessage {
  const file = create(FileDescriptorProtoSchema, {
    name: 'payload.proto',
    syntax: 'proto3',
    dependency: ['google/protobuf/timestamp.proto'],
    messageType: [messageProto(message)],
  });
  const descriptor = createFileRegistry(file, () => file_google_protobuf_timestamp).getMessage(message.name);
  if (!descriptor) {
    throw new Error(`protobuf-es does not know ${message.name}`);
  }
  return descriptor;
}

function messageProto({ name, fields }: MessageType): DescriptorProto {
  const oneofs = [...new Set(fields.flatMap(({ oneof }) => oneof ?? []))];
  const optional = fields.filter(({ cardinality, oneof }) => cardinality === 'optional' && oneof === undefined);
  const oneofNames = [...oneofs, ...optional.map((field) => `_${field.name}`)];
  return create(DescriptorProtoSchema, {
    name: lastPart(name),
    field: fields.map((field) => fieldProto(name, field, oneofNames)),
    oneofDecl: oneofNames.map((oneof) => create(OneofDescriptorProtoSchema, { name: oneof })),
    nestedType: [
      ...fields.filter(({ cardinality }) => cardinality === 'map').map((field) => entryProto(field)),
      ...fields.flatMap(({ type }) => (type.kind === 'message' ? [messageProto(type.message)] : [])),
    ],
    enumType: fields.flatMap(({ type }) => (type.kind === 'enum' ? [enumProto(type)] : [])),
  });
}

function fieldProto(within: string, field: Field, oneofNames: readonly string[]): FieldDescriptorProto {
  const { name, jsonName, number, cardinality, oneof } = field;
  const isOptional = cardinality === 'optional' && oneof === undefined;
  const oneofIndex = oneofNames.indexOf(oneof ?? `_${name}`);
  return create(FieldDescriptorProtoSchema, {
    name,
    jsonName,
    number,
    label: cardinality === 'repeated' || cardinality === 'map' ? REPEATED : OPTIONAL,
    ...(cardinality === 'map' ? { type: MESSAGE, typeName: `.${within}.${entryName(field)}` } : typeProto(field.type)),
    ...(oneofIndex >= 0 ? { oneofIndex } : {}),
    ...(isOptional ? { proto3Optional: true } : {}),
  });
}

/** A map is, on the wire, a repeated message of its own type. */
const entryProto = (field: Field): DescriptorProto =>
  create(DescriptorProtoSchema, {
    name: entryName(field),
    options: { mapEntry: true },
    field: [
      { name: 'key', number: 1, label: OPTIONAL, ...typeProto({ kind: 'scalar', scalar: field.mapKey ?? 'string' }) },
      { name: 'value', number: 2, label: OPTIONAL, ...typeProto(field.type) },
    ],
  });

const entryName = ({ number }: Field): string => `Entry${number}`;

function typeProto(type: ValueType): { type: FieldDescriptorProto_Type; typeName?: string } {
  switch (type.kind) {
    case 'scalar':
      return {
        type: FieldDescriptorProto_Type[type.scalar.toUpperCase() as keyof typeof FieldDescriptorProto_Type],
      };
    case 'enum':
      return { type: ENUM, typeName: `.${type.enum.name}` };
    case 'timestamp':
      return { type: MESSAGE, typeName: '.google.protobuf.Timestamp' };
    case 'message':
      return { type: MESSAGE, typeName: `.${type.message.name}` };
  }
}

const enumProto = (type: Extract<ValueType, { kind: 'enum' }>) =>
  create(EnumDescriptorProtoSchema, {
    name: lastPart(type.enum.name),
    value: Object.entries(type.enum.values).map(([name, number]) =>
      create(EnumValueDescriptorProtoSchema, { name, number }),
    ),
  });
