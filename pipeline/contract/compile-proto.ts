/** A .proto file becomes a `MessageType`: parsed by protobufjs, checked for what a table can hold, written out flat. */
import protobuf from 'protobufjs';
import { ContractError } from './contract-error.ts';
import {
  type Cardinality,
  type EnumType,
  type Field,
  type MessageType,
  SCALAR_TYPES,
  type ScalarType,
  type ValueType,
} from './message.ts';
import { type ProtoFile, parseProto } from './parse-proto.ts';
import { declarationLine } from './proto-declarations.ts';

const TIMESTAMP = 'google.protobuf.Timestamp';
const FIELD_NUMBER_MAX = 2 ** 29 - 1;
/** Protobuf keeps these for itself. */
const RESERVED_NUMBERS = { first: 19_000, last: 19_999 };

/**
 * Compiles the message that is the event's payload: `OrderCreated` for `order_created`.
 * @param file names the source in errors.
 * @throws ContractError for what protoc would refuse, syntax that is not proto3, an import other than
 * google/protobuf/timestamp.proto, a missing payload message, a message that is recursive or empty, and names that are
 * reserved or that SQL or JSON could not tell apart.
 */
export function compileProto(file: string, source: string, event: string): MessageType {
  const proto = parseProto(file, source);
  const payload = payloadName(event);
  const name = proto.packageName === undefined ? payload : `${proto.packageName}.${payload}`;
  const type = proto.root.lookup(`.${name}`);
  if (!(type instanceof protobuf.Type && fullName(type) === name)) {
    const { line = 0 } = proto.declarations.find(({ kind }) => kind === 'message') ?? {};
    throw new ContractError(file, line, `no message ${payload}; the payload of ${event} is the message of that name`);
  }
  return compileMessage(proto, type, []);
}

/** `order_created` becomes `OrderCreated`. */
const payloadName = (event: string): string =>
  event
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

const fullName = (object: protobuf.ReflectionObject): string => object.fullName.slice(1);

function mistake({ file, declarations }: ProtoFile, object: protobuf.ReflectionObject, reason: string): ContractError {
  const name = fullName(object);
  return new ContractError(file, declarationLine(declarations, name), `${name}: ${reason}`);
}

function compileMessage(proto: ProtoFile, type: protobuf.Type, within: readonly string[]): MessageType {
  const name = fullName(type);
  if (within.includes(name)) {
    throw mistake(proto, type, `a message cannot contain itself in a table (${[...within, name].join(' > ')})`);
  }
  if (type.fieldsArray.length === 0) {
    throw mistake(proto, type, 'the message has no fields, a table needs a column');
  }
  const fields = type.fieldsArray.map((field) => compileField(proto, field, [...within, name]));
  checkNames(proto, type, fields);
  return { name, fields: fields.sort((a, b) => a.number - b.number) };
}

/** SQL does not tell `a` from `A`, and JSON must not have to tell `a_b` from `aB`. */
function checkNames(proto: ProtoFile, type: protobuf.Type, fields: readonly Field[]): void {
  const taken = new Map<string, string>();
  for (const { name, jsonName } of fields) {
    const names = new Set([name.toLowerCase(), jsonName.toLowerCase()]);
    for (const candidate of names) {
      const other = taken.get(candidate);
      if (other !== undefined) {
        const reason = `clashes with ${other}, names in SQL and JSON must differ in more than case and underscores`;
        throw mistake(proto, type.fields[name] ?? type, reason);
      }
      taken.set(candidate, name);
    }
  }
}

function compileField(proto: ProtoFile, field: protobuf.Field, within: readonly string[]): Field {
  field.resolve();
  checkField(proto, field);
  const oneof = field.partOf && !isProto3Optional(field) ? field.partOf.name : undefined;
  return {
    name: field.name,
    jsonName: String(field.options?.['json_name'] ?? lowerCamelCase(field.name)),
    number: field.id,
    cardinality: cardinalityOf(field),
    type: compileType(proto, field, within),
    ...(field instanceof protobuf.MapField ? { mapKey: field.keyType as ScalarType } : {}),
    ...(oneof === undefined ? {} : { oneof }),
  };
}

/** What protoc refuses and protobufjs does not. */
function checkField(proto: ProtoFile, field: protobuf.Field): void {
  if (field.declaringField) {
    throw mistake(proto, field, 'extend is not allowed, a field stands in its message');
  }
  const reserved = field.id >= RESERVED_NUMBERS.first && field.id <= RESERVED_NUMBERS.last;
  if (field.id < 1 || field.id > FIELD_NUMBER_MAX || reserved) {
    const { first, last } = RESERVED_NUMBERS;
    throw mistake(
      proto,
      field,
      `number ${field.id}: allowed are 1 to ${FIELD_NUMBER_MAX}, without ${first} to ${last}`,
    );
  }
  if (field.parent instanceof protobuf.Type && isReserved(field.parent, field.id)) {
    throw mistake(proto, field, `number ${field.id} is reserved`);
  }
  if (field.options?.['default'] !== undefined) {
    throw mistake(proto, field, 'proto3 has no default values; use the word optional and leave the field out');
  }
}

/** protobufjs takes the last number of a range for free. */
const isReserved = ({ reserved }: protobuf.Type, id: number): boolean =>
  reserved?.some((range) => Array.isArray(range) && range[1] === id) ?? false;

/** As protoc makes it (protobuf.dev, "ProtoJSON format"); protobufjs differs around digits. */
const lowerCamelCase = (name: string): string =>
  name.replace(/_+(.)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? '');

function cardinalityOf(field: protobuf.Field): Cardinality {
  if (field.map) {
    return 'map';
  }
  if (field.repeated) {
    return 'repeated';
  }
  return field.partOf ? 'optional' : 'required';
}

const isProto3Optional = (field: protobuf.Field): boolean => field.options?.['proto3_optional'] === true;

function compileType(proto: ProtoFile, field: protobuf.Field, within: readonly string[]): ValueType {
  const resolved = field.resolvedType;
  if (resolved instanceof protobuf.Enum) {
    return { kind: 'enum', enum: compileEnum(proto, resolved) };
  }
  if (resolved instanceof protobuf.Type) {
    return fullName(resolved) === TIMESTAMP
      ? { kind: 'timestamp' }
      : { kind: 'message', message: compileMessage(proto, resolved, within) };
  }
  const scalar = SCALAR_TYPES.find((type) => type === field.type);
  if (scalar === undefined) {
    throw mistake(proto, field, `the type ${field.type} is not known`);
  }
  return { kind: 'scalar', scalar };
}

function compileEnum(proto: ProtoFile, type: protobuf.Enum): EnumType {
  const numbers = Object.values(type.values);
  if (numbers[0] !== 0) {
    throw mistake(proto, type, 'the first value of an enum must be 0, which is what absent means');
  }
  if (numbers.some((number) => number !== (number | 0))) {
    throw mistake(proto, type, 'the values of an enum must fit 32 bits');
  }
  return { name: fullName(type), values: { ...type.values } };
}
