/** A .proto file becomes a `MessageType`: parsed by protobufjs, checked for what a table can hold, written out flat. */
import protobuf from 'protobufjs';
import { ContractError } from './contract-error.ts';
import type { Cardinality, EnumType, Field, MessageType, ScalarType, ValueType } from './message.ts';

const SCALARS: ReadonlySet<string> = new Set<ScalarType>([
  'double',
  'float',
  'int32',
  'int64',
  'uint32',
  'uint64',
  'sint32',
  'sint64',
  'fixed32',
  'fixed64',
  'sfixed32',
  'sfixed64',
  'bool',
  'string',
  'bytes',
]);
const TIMESTAMP = 'google.protobuf.Timestamp';
const TIMESTAMP_FILE = 'google/protobuf/timestamp.proto';
/** Rows carry system columns under names that begin so. */
const RESERVED_PREFIX = '_';

/**
 * Compiles the message that is the event's payload: `OrderCreated` for `order_created`.
 * @param file names the source in errors.
 * @throws ContractError for syntax that is not proto3, an import other than google/protobuf/timestamp.proto, a
 * missing payload message, a recursive message, a reserved column name.
 */
export function compileProto(file: string, source: string, event: string): MessageType {
  const root = parse(file, source);
  const payload = payloadName(event);
  const type = root.nestedArray.flatMap(findTypes).find(({ name }) => name === payload);
  if (!type) {
    throw new ContractError(file, 0, `no message ${payload}; the payload of ${event} is the message of that name`);
  }
  return compileMessage(file, source, type, []);
}

/** `order_created` becomes `OrderCreated`. */
const payloadName = (event: string): string =>
  event
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

function parse(file: string, source: string): protobuf.Root {
  if (!/^\s*syntax\s*=\s*["']proto3["']\s*;/m.test(source)) {
    throw new ContractError(file, 1, 'syntax must be "proto3"');
  }
  const root = new protobuf.Root();
  try {
    const parsed = protobuf.parse(source, root, { keepCase: true });
    for (const name of parsed.imports ?? []) {
      if (name !== TIMESTAMP_FILE) {
        throw new Error(`cannot import "${name}", allowed is ${TIMESTAMP_FILE}: a version is one file`);
      }
      root.addJSON(protobuf.common.get(name)?.nested ?? {});
    }
    root.resolveAll();
    return root;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const line = /\(line (\d+)\)/.exec(message);
    throw new ContractError(file, Number(line?.[1] ?? 0), message.replace(/ ?\(line \d+\)/, ''));
  }
}

function findTypes(node: protobuf.ReflectionObject): protobuf.Type[] {
  if (node instanceof protobuf.Type) {
    return [node];
  }
  return node instanceof protobuf.Namespace ? node.nestedArray.flatMap(findTypes) : [];
}

function compileMessage(file: string, source: string, type: protobuf.Type, within: readonly string[]): MessageType {
  const name = type.fullName.slice(1);
  if (within.includes(name)) {
    const chain = [...within, name].join(' > ');
    throw new ContractError(file, lineOf(source, type.name), `${chain}: a message cannot contain itself in a table`);
  }
  if (type.fieldsArray.length === 0) {
    throw new ContractError(file, lineOf(source, type.name), `message ${name} has no fields, a table needs a column`);
  }
  const compiled = type.fieldsArray.map((field) => compileField(file, source, field, [...within, name]));
  return { name, fields: compiled.sort((a, b) => a.number - b.number) };
}

function compileField(file: string, source: string, field: protobuf.Field, within: readonly string[]): Field {
  field.resolve();
  if (field.name.startsWith(RESERVED_PREFIX)) {
    const reason = `field ${field.name}: names that begin with ${RESERVED_PREFIX} are the pipeline's own columns`;
    throw new ContractError(file, lineOf(source, field.name), reason);
  }
  const oneof = field.partOf && !isProto3Optional(field) ? field.partOf.name : undefined;
  return {
    name: field.name,
    jsonName: protobuf.util.camelCase(field.name),
    number: field.id,
    cardinality: cardinalityOf(field),
    type: compileType(file, source, field, within),
    ...(field instanceof protobuf.MapField ? { mapKey: field.keyType as ScalarType } : {}),
    ...(oneof === undefined ? {} : { oneof }),
  };
}

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

function compileType(file: string, source: string, field: protobuf.Field, within: readonly string[]): ValueType {
  const resolved = field.resolvedType;
  if (resolved instanceof protobuf.Enum) {
    return { kind: 'enum', enum: compileEnum(resolved) };
  }
  if (resolved instanceof protobuf.Type) {
    if (resolved.fullName === `.${TIMESTAMP}`) {
      return { kind: 'timestamp' };
    }
    return { kind: 'message', message: compileMessage(file, source, resolved, within) };
  }
  if (!SCALARS.has(field.type)) {
    throw new ContractError(file, lineOf(source, field.name), `field ${field.name}: type ${field.type} is not known`);
  }
  return { kind: 'scalar', scalar: field.type as ScalarType };
}

const compileEnum = (type: protobuf.Enum): EnumType => ({ name: type.fullName.slice(1), values: { ...type.values } });

/** The first line on which the name is declared, counted from 1; 0 when it cannot be told. */
function lineOf(source: string, name: string): number {
  const declaration = new RegExp(`\\b(message\\s+${name}\\b|${name}\\s*=)`);
  return source.split('\n').findIndex((line) => declaration.test(line)) + 1;
}
