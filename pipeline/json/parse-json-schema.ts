/** The text of a JSON Schema (draft-07, the newest that Glue reads) becomes a `JsonObject`: the part of it that tables can hold. */
import type { ColumnType } from '../contract/column.ts';
import { exactInteger, nearestDouble, parseExactJson } from './exact-json.ts';
import { JsonSchemaError } from './json-schema-error.ts';
import type { JsonLeaf, JsonObject, JsonProperty, JsonType } from './json-type.ts';

type Json = Readonly<Record<string, unknown>>;

interface Scope {
  /** For errors. */
  readonly path: string;
  readonly definitions: Json;
  /** The `$ref`s that are being followed. */
  readonly following: readonly string[];
}

/** Words that say nothing about which values are valid. */
const ANNOTATIONS = ['title', 'description', '$comment', 'examples', 'default', 'deprecated', 'readOnly', 'writeOnly'];
const DRAFT = 'http://json-schema.org/draft-07/schema#';
const ROOT_WORDS = ['$schema', '$id', '$defs', 'definitions'];
/** What each type may say besides, so that no rule of a schema is left out without a word. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items'],
  string: ['format', 'enum', 'contentEncoding'],
  integer: ['minimum', 'maximum'],
  number: ['minimum', 'maximum'],
  boolean: [],
};
const FORMATS: Readonly<Record<string, ColumnType>> = {
  'date-time': { kind: 'timestamp', unit: 'micros' },
  date: { kind: 'date' },
  uuid: { kind: 'uuid' },
};
const REFERENCE = /^#\/(?:\$defs|definitions)\/([A-Za-z0-9_.-]+)$/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const INT32 = { min: -(2n ** 31n), max: 2n ** 31n - 1n };
const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const UINT64_MAX = 2n ** 64n - 1n;

/**
 * Parses a schema whose top is an object with `properties`. Allowed are the types object, array, string (formats
 * date-time, date and uuid; enum; contentEncoding base64), integer, number and boolean, each alone or with null, maps as
 * `additionalProperties`, and `$ref` to `$defs`. An object has no properties but the ones that it names, whether or not
 * the schema says so: they would have no column.
 *
 * @throws JsonSchemaError for anything else
 */
export function parseJsonSchema(text: string): JsonObject {
  let schema: unknown;
  try {
    schema = parseExactJson(text);
  } catch (error) {
    throw new JsonSchemaError('', `a JSON Schema is JSON: ${(error as Error).message}`);
  }
  const { $schema = DRAFT, $defs, definitions } = isObject(schema) ? schema : {};
  if ($schema !== DRAFT)
    throw new JsonSchemaError('', `"$schema" must be "${DRAFT}", which is what the registry reads`);
  const scope = { path: '', definitions: { ...objectOr($defs), ...objectOr(definitions) }, following: [] };
  const type = parseType(schema, scope, ROOT_WORDS);
  if (type.kind === 'object' && !type.nullable) return type;
  throw new JsonSchemaError('', 'the payload must be an object with properties, as each of them is a column');
}

function parseType(schema: unknown, scope: Scope, more: readonly string[] = []): JsonType {
  if (!isObject(schema)) throw mistake(scope, 'a schema is an object with "type"');
  if (schema['$ref'] !== undefined) return referredType(schema, scope);
  const { name, nullable } = typeName(schema['type'], scope);
  const words = WORDS[name] ?? [];
  const unknown = Object.keys(schema).find((word) => ![...ANNOTATIONS, ...words, ...more, 'type'].includes(word));
  if (unknown !== undefined) {
    throw mistake(scope, `"${unknown}" is not allowed; allowed for ${name} are ${['type', ...words].join(', ')}`);
  }
  switch (name) {
    case 'object':
      return objectType(schema, nullable, scope);
    case 'array':
      return { kind: 'array', nullable, items: parseType(schema['items'], at(scope, '[]')) };
    case 'string':
      return stringType(schema, nullable, scope);
    case 'integer':
      return integerType(schema, nullable, scope);
    case 'number':
      return numberType(schema, nullable, scope);
    default:
      return leaf({ kind: 'boolean' }, nullable);
  }
}

function referredType(schema: Json, scope: Scope): JsonType {
  const reference = String(schema['$ref']);
  const beside = Object.keys(schema).find((word) => word !== '$ref' && !ANNOTATIONS.includes(word));
  if (beside !== undefined) throw mistake(scope, `"${beside}" is not allowed beside "$ref"`);
  const name = REFERENCE.exec(reference)?.[1] ?? '';
  if (!Object.hasOwn(scope.definitions, name)) {
    throw mistake(scope, `"${reference}" is not known; allowed is "#/$defs/" and a name that is there`);
  }
  if (scope.following.includes(name)) throw mistake(scope, `${reference} contains itself, which no table can hold`);
  return parseType(scope.definitions[name], { ...scope, following: [...scope.following, name] });
}

/** One type, or one type and null. */
function typeName(type: unknown, scope: Scope): { readonly name: string; readonly nullable: boolean } {
  const types = Array.isArray(type) ? type : [type];
  const [name, ...others] = types.filter((one) => one !== 'null');
  if (typeof name === 'string' && Object.hasOwn(WORDS, name) && others.length === 0 && types.length <= 2) {
    return { name, nullable: types.length === 2 };
  }
  throw mistake(scope, `"type" must be one of ${Object.keys(WORDS).join(', ')}, or an array of one of them and null`);
}

function objectType(schema: Json, nullable: boolean, scope: Scope): JsonType {
  const { properties, required = [], additionalProperties } = schema;
  if (properties === undefined && isObject(additionalProperties)) {
    if (Object.hasOwn(schema, 'required')) throw mistake(scope, '"required" is for objects with properties');
    return { kind: 'map', nullable, values: parseType(additionalProperties, at(scope, '{}')) };
  }
  if (!isObject(properties) || Object.keys(properties).length === 0) {
    throw mistake(scope, 'an object needs "properties", one at least, or "additionalProperties" with a schema, a map');
  }
  if (additionalProperties !== undefined && additionalProperties !== false) {
    throw mistake(scope, '"additionalProperties" beside "properties" have no column; allowed is false');
  }
  const isNames = Array.isArray(required) && required.every((name) => Object.hasOwn(properties, String(name)));
  if (!isNames) throw mistake(scope, '"required" must be an array of names of its properties');
  const parsed = Object.entries(properties).map(([name, type]): JsonProperty => {
    const inner = at(scope, name);
    if (!NAME.test(name)) throw mistake(inner, 'a name has letters, digits and _, and does not begin with a digit');
    return { name, type: parseType(type, inner), required: required.includes(name) };
  });
  return { kind: 'object', nullable, properties: parsed };
}

function stringType(schema: Json, nullable: boolean, scope: Scope): JsonLeaf {
  const { format, enum: values, contentEncoding } = schema;
  if ([format, values, contentEncoding].filter((word) => word !== undefined).length > 1) {
    throw mistake(scope, 'allowed is one of "format", "enum" and "contentEncoding"');
  }
  if (values !== undefined) {
    const texts = Array.isArray(values) ? values.filter((value) => !(value === null && nullable)) : [];
    if (texts.length > 0 && texts.every((value) => typeof value === 'string')) {
      return { ...leaf({ kind: 'enum' }, nullable), values: texts };
    }
    throw mistake(scope, '"enum" must be an array of strings, one at least');
  }
  if (contentEncoding !== undefined) {
    if (contentEncoding === 'base64') return leaf({ kind: 'bytes' }, nullable);
    throw mistake(scope, '"contentEncoding" must be base64');
  }
  if (format === undefined) return leaf({ kind: 'string' }, nullable);
  const column = typeof format === 'string' && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (column) return leaf(column, nullable);
  throw mistake(scope, `"format" must be one of ${Object.keys(FORMATS).join(', ')}`);
}

/** The narrowest of the columns INT 32, INT 64 and unsigned INT 64 that the bounds fit; without bounds INT 64. */
function integerType(schema: Json, nullable: boolean, scope: Scope): JsonLeaf {
  const [least, greatest] = ['minimum', 'maximum'].map((word) => {
    const bound = exactInteger(schema[word]);
    if (bound === undefined && schema[word] !== undefined) throw mistake(scope, `"${word}" must be an integer`);
    return bound === undefined ? undefined : BigInt(bound);
  });
  const unsigned = least !== undefined && least >= 0n && greatest !== undefined && greatest > INT64.max;
  const minimum = least ?? INT64.min;
  const maximum = greatest ?? INT64.max;
  if (minimum > maximum || minimum < INT64.min || maximum > (unsigned ? UINT64_MAX : INT64.max)) {
    throw mistake(scope, '"minimum" and "maximum" must be in order, and fit 64 bits, signed or not');
  }
  const bits = minimum >= INT32.min && maximum <= INT32.max ? 32 : 64;
  return { ...leaf({ kind: 'int', bits, signed: !unsigned }, nullable), minimum, maximum };
}

function numberType(schema: Json, nullable: boolean, scope: Scope): JsonLeaf {
  const [minimum, maximum] = ['minimum', 'maximum'].map((word) => {
    const bound = nearestDouble(schema[word]);
    if (bound === undefined && schema[word] !== undefined) throw mistake(scope, `"${word}" must be a number`);
    return bound;
  });
  if (minimum !== undefined && maximum !== undefined && minimum > maximum) {
    throw mistake(scope, '"minimum" and "maximum" must be in order');
  }
  return { ...leaf({ kind: 'double' }, nullable), minimum, maximum };
}

function leaf(column: ColumnType, nullable: boolean): JsonLeaf {
  return { kind: 'leaf', nullable, column, values: undefined, minimum: undefined, maximum: undefined };
}

function at(scope: Scope, step: string): Scope {
  const separator = scope.path === '' || /^\W/.test(step) ? '' : '.';
  return { ...scope, path: scope.path + separator + step };
}

function objectOr(value: unknown): Json {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mistake({ path }: Scope, reason: string): JsonSchemaError {
  return new JsonSchemaError(path, reason);
}
