/** The text of an .avsc file becomes an `AvroRecord` (Avro 1.12 specification, "Schema Declaration"). */
import type { ColumnType } from '../contract/column.ts';
import { parseExactJson } from '../json/exact-json.ts';
import { avroFallback } from './avro-fallback.ts';
import { AvroSchemaError } from './avro-schema-error.ts';
import type { AvroEnum, AvroField, AvroOptional, AvroRecord, AvroType, AvroWire } from './avro-type.ts';
import { logicalColumn } from './logical-column.ts';

const PRIMITIVES: ReadonlyMap<unknown, ColumnType> = new Map<AvroWire, ColumnType>([
  ['boolean', { kind: 'boolean' }],
  ['int', { kind: 'int', bits: 32, signed: true }],
  ['long', { kind: 'int', bits: 64, signed: true }],
  ['float', { kind: 'float' }],
  ['double', { kind: 'double' }],
  ['string', { kind: 'string' }],
  ['bytes', { kind: 'bytes' }],
]);

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const FULL_NAME = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;
/** Of a `fixed`: more is no value but a file. */
const FIXED_BYTES_MAX = 65_536;

type Json = Readonly<Record<string, unknown>>;

/** What parts of a schema see of the whole. */
interface Scope {
  /** For errors. */
  readonly path: string;
  readonly namespace: string;
  /** Named types so far by their full names; those still being read are undefined. */
  readonly named: Map<string, AvroType | undefined>;
}

/**
 * Parses a schema whose top is a record. Logical types that tables know are date, timestamp-millis, timestamp-micros,
 * decimal and uuid; of others the underlying type counts, as the specification wants it. Aliases are not looked at.
 *
 * @throws AvroSchemaError for what the specification forbids, and for what no table holds: recursion, records without
 * fields, and unions other than of null and one type
 */
export function parseAvroSchema(text: string): AvroRecord {
  let schema: unknown;
  try {
    schema = parseExactJson(text);
  } catch (error) {
    throw new AvroSchemaError('', `an Avro schema is JSON: ${(error as Error).message}`);
  }
  const type = parseType(schema, { path: '', namespace: '', named: new Map() });
  if (type.kind === 'record') return type;
  const found = type.kind === 'leaf' ? type.wire : type.kind;
  throw new AvroSchemaError('', `the payload must be a record, as each of its fields is a column, not ${found}`);
}

function parseType(schema: unknown, scope: Scope): AvroType {
  if (typeof schema === 'string') return namedType(schema, scope);
  if (Array.isArray(schema)) return unionType(schema, scope);
  if (!isObject(schema)) throw mistake(scope, 'a type is a name, an object with "type", or an array of types');
  switch (schema['type']) {
    case 'record':
      return recordType(schema, scope);
    case 'enum':
      return declare(schema, scope, (name, inner) => enumType(schema, name, inner));
    case 'fixed':
      return declare(schema, scope, (name, inner) => fixedType(schema, name, inner));
    case 'array':
      return { kind: 'array', items: parseType(schema['items'], within(scope, 'items')) };
    case 'map':
      return { kind: 'map', values: parseType(schema['values'], within(scope, 'values')) };
    default:
      return annotatedType(schema, scope);
  }
}

function namedType(name: string, scope: Scope): AvroType {
  const column = PRIMITIVES.get(name);
  if (column) return { kind: 'leaf', wire: name as AvroWire, size: 0, column };
  if (name === 'null') throw mistake(scope, 'null alone has no values; allowed is a union of null and another type');
  const candidates = name.includes('.') || scope.namespace === '' ? [name] : [`${scope.namespace}.${name}`, name];
  const known = candidates.find((candidate) => scope.named.has(candidate));
  if (known === undefined) throw mistake(scope, `the type "${name}" is not known; a type is declared before its use`);
  const type = scope.named.get(known);
  if (type === undefined) throw mistake(scope, `the record "${known}" contains itself, which no table can hold`);
  return type;
}

function unionType(branches: readonly unknown[], scope: Scope): AvroOptional {
  const nullBranch = branches.indexOf('null');
  if (branches.length !== 2 || (nullBranch !== 0 && nullBranch !== 1) || branches[0] === branches[1]) {
    throw mistake(scope, 'a union of several types has no column; allowed is a union of null and one other type');
  }
  const type = parseType(branches[1 - nullBranch], scope);
  if (type.kind === 'optional') throw mistake(scope, 'a union may not contain a union');
  return { kind: 'optional', nullBranch, type };
}

/** An object around a primitive, such as `{"type": "long", "logicalType": "timestamp-micros"}`. */
function annotatedType(schema: Json, scope: Scope): AvroType {
  const type = parseType(schema['type'], scope);
  if (type.kind !== 'leaf' || schema['logicalType'] === undefined || !PRIMITIVES.has(schema['type'])) return type;
  return { ...type, column: logicalColumn(schema, type, scope.path) };
}

function recordType(schema: Json, scope: Scope): AvroRecord {
  return declare(schema, scope, (name, inner) => {
    const fields = schema['fields'];
    if (!Array.isArray(fields) || fields.length === 0) {
      throw mistake(inner, 'a record needs "fields", an array of one at least, as a table needs a column');
    }
    const parsed = fields.map((field) => parseField(field, inner));
    const names = parsed.map((field) => field.name);
    const again = names.find((one, i) => names.indexOf(one) !== i);
    if (again !== undefined) throw mistake(inner, `the field "${again}" is there twice`);
    return { kind: 'record', name, fields: parsed };
  });
}

function parseField(field: unknown, scope: Scope): AvroField {
  if (!isObject(field)) throw mistake(scope, 'a field is an object with "name" and "type"');
  const name = checkName(field['name'], NAME, scope);
  const inner = within(scope, name);
  const type = parseType(field['type'], inner);
  const fallback = 'default' in field ? avroFallback(type, field['default'], inner.path) : undefined;
  return { name, type, fallback };
}

function enumType(schema: Json, name: string, scope: Scope): AvroEnum {
  const { symbols, default: fallback } = schema;
  if (!Array.isArray(symbols) || symbols.length === 0) throw mistake(scope, 'an enum needs "symbols", one at least');
  const known = symbols.map((symbol) => checkName(symbol, NAME, scope));
  if (new Set(known).size < known.length) throw mistake(scope, 'the symbols of an enum must differ');
  if (fallback === undefined) return { kind: 'enum', name, symbols: known, fallback: undefined };
  if (typeof fallback !== 'string' || !known.includes(fallback)) {
    throw mistake(scope, 'the default of an enum must be one of its symbols');
  }
  return { kind: 'enum', name, symbols: known, fallback };
}

function fixedType(schema: Json, name: string, scope: Scope): AvroType {
  const { size } = schema;
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1 || size > FIXED_BYTES_MAX) {
    throw mistake(scope, `a fixed needs a "size" of 1 to ${FIXED_BYTES_MAX} bytes`);
  }
  const leaf = { kind: 'leaf', name, wire: 'fixed', size, column: { kind: 'bytes' } } as const;
  return schema['logicalType'] === undefined ? leaf : { ...leaf, column: logicalColumn(schema, leaf, scope.path) };
}

/** Reads a type that has a name, which the types inside and after it may refer to. */
function declare<Type extends AvroType>(schema: Json, scope: Scope, read: (name: string, inner: Scope) => Type): Type {
  const own = checkName(schema['name'], FULL_NAME, scope);
  const { namespace: declared = scope.namespace } = schema;
  if (typeof declared !== 'string' || (declared !== '' && !FULL_NAME.test(declared))) {
    throw mistake(scope, 'a namespace is names with dots between them');
  }
  const namespace = own.includes('.') ? own.slice(0, own.lastIndexOf('.')) : declared;
  const name = own.includes('.') || namespace === '' ? own : `${namespace}.${own}`;
  if (scope.named.has(name) || PRIMITIVES.has(own)) throw mistake(scope, `the name "${name}" is taken`);
  scope.named.set(name, undefined);
  const path = scope.path === '' ? own.slice(own.lastIndexOf('.') + 1) : scope.path;
  const type = read(name, { ...scope, path, namespace });
  scope.named.set(name, type);
  return type;
}

function checkName(name: unknown, pattern: RegExp, scope: Scope): string {
  if (typeof name === 'string' && pattern.test(name)) return name;
  throw mistake(scope, `"${String(name)}" is no name; allowed are letters, digits and _, not beginning with a digit`);
}

function within(scope: Scope, step: string): Scope {
  return { ...scope, path: `${scope.path}.${step}` };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mistake({ path }: Scope, reason: string): AvroSchemaError {
  return new AvroSchemaError(path, reason);
}
