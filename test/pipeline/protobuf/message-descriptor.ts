/** Message types as descriptors that protobuf-es understands: the independent implementation to compare with. */
import { create, createFileRegistry, type DescMessage } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  EnumDescriptorProtoSchema,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_timestamp,
} from '@bufbuild/protobuf/wkt';
import type { EnumType, Field, MessageType, ValueType } from '../../../pipeline/contract/message.ts';

/** The descriptor of `message` in a proto3 file of its own. */
export function messageDescriptor(message: MessageType): DescMessage {
  const messageType: DescriptorProto[] = [];
  const enums = new Map<string, EnumType>();
  addMessage(message, messageType, enums);
  const enumType = [...enums.values()].map(({ name, values }) =>
    create(EnumDescriptorProtoSchema, {
      name: flatName(name),
      options: { allowAlias: true },
      value: Object.entries(values).map(([valueName, number]) => ({ name: valueName, number })),
    }),
  );
  const timestamp = file_google_protobuf_timestamp.proto;
  const file = create(FileDescriptorProtoSchema, {
    name: 'test.proto',
    syntax: 'proto3',
    dependency: [timestamp.name],
    messageType,
    enumType,
  });
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [timestamp, file] }));
  const descriptor = registry.getMessage(flatName(message.name));
  if (!descriptor) throw new Error(`Cannot find message "${message.name}"`);
  return descriptor;
}

/** All types stand side by side in the file: `Order.Item` becomes `Order_Item`. */
const flatName = (name: string): string => name.replaceAll('.', '_');

function addMessage(message: MessageType, messages: DescriptorProto[], enums: Map<string, EnumType>): void {
  const nestedType: DescriptorProto[] = [];
  const oneofs = [...new Set(message.fields.flatMap(({ oneof }) => oneof ?? []))];
  const presences = message.fields.filter(hasPresence).map(({ name }) => `_${name}`);
  const oneofNames = [...oneofs, ...presences];
  const field = message.fields.map((one) => {
    collect(one.type, messages, enums);
    const proto = fieldDescriptor(one, message.name);
    if (one.cardinality === 'map') nestedType.push(mapEntry(one));
    if (one.oneof !== undefined) proto.oneofIndex = oneofNames.indexOf(one.oneof);
    if (hasPresence(one)) {
      proto.proto3Optional = true;
      proto.oneofIndex = oneofNames.indexOf(`_${one.name}`);
    }
    return proto;
  });
  const oneofDecl = oneofNames.map((name) => ({ name }));
  messages.push(create(DescriptorProtoSchema, { name: flatName(message.name), field, nestedType, oneofDecl }));
}

function hasPresence({ cardinality, oneof }: Field): boolean {
  return cardinality === 'optional' && oneof === undefined;
}

function collect(type: ValueType, messages: DescriptorProto[], enums: Map<string, EnumType>): void {
  if (type.kind === 'message') addMessage(type.message, messages, enums);
  if (type.kind === 'enum') enums.set(type.enum.name, type.enum);
}

function fieldDescriptor(field: Field, parent: string): FieldDescriptorProto {
  const { name, jsonName, number, cardinality } = field;
  const label =
    cardinality === 'repeated' || cardinality === 'map'
      ? FieldDescriptorProto_Label.REPEATED
      : FieldDescriptorProto_Label.OPTIONAL;
  const value =
    cardinality === 'map'
      ? { type: FieldDescriptorProto_Type.MESSAGE, typeName: `.${flatName(parent)}.${entryName(field)}` }
      : valueDescriptor(field.type);
  // Half of the repeated scalars are written unpacked.
  const isUnpacked = cardinality === 'repeated' && number % 2 === 0 && 'scalar' in field.type;
  const options = isUnpacked && !isDelimited(field.type) ? { options: { packed: false } } : {};
  return create(FieldDescriptorProtoSchema, { name, jsonName, number, label, ...value, ...options });
}

function isDelimited(type: ValueType): boolean {
  return type.kind !== 'scalar' || type.scalar === 'string' || type.scalar === 'bytes';
}

function mapEntry(field: Field): DescriptorProto {
  const label = FieldDescriptorProto_Label.OPTIONAL;
  const key = valueDescriptor({ kind: 'scalar', scalar: field.mapKey ?? 'string' });
  return create(DescriptorProtoSchema, {
    name: entryName(field),
    options: { mapEntry: true },
    field: [
      { name: 'key', jsonName: 'key', number: 1, label, ...key },
      { name: 'value', jsonName: 'value', number: 2, label, ...valueDescriptor(field.type) },
    ],
  });
}

function entryName({ name }: Field): string {
  return `${name.toUpperCase()}Entry`;
}

function valueDescriptor(type: ValueType): { type: FieldDescriptorProto_Type; typeName?: string } {
  switch (type.kind) {
    case 'scalar': {
      const name = type.scalar.toUpperCase() as keyof typeof FieldDescriptorProto_Type;
      return { type: FieldDescriptorProto_Type[name] };
    }
    case 'enum':
      return { type: FieldDescriptorProto_Type.ENUM, typeName: `.${flatName(type.enum.name)}` };
    case 'message':
      return { type: FieldDescriptorProto_Type.MESSAGE, typeName: `.${flatName(type.message.name)}` };
    case 'timestamp':
      return { type: FieldDescriptorProto_Type.MESSAGE, typeName: '.google.protobuf.Timestamp' };
  }
}
