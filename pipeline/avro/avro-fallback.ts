/** Default values of Avro fields, from the JSON of the schema to values that columns take. */
import { exactInteger, nearestDouble } from '../json/exact-json.ts';
import { columnTree } from '../parquet/column-tree.ts';
import { valueAppender } from '../parquet/value-appender.ts';
import { avroColumnType } from './avro-columns.ts';
import { AvroSchemaError } from './avro-schema-error.ts';
import type { AvroLeaf, AvroType } from './avro-type.ts';

/**
 * The default as `valueAppender` takes it. That of a union is of its first branch, as registries before Avro 1.12 have it.
 *
 * @throws AvroSchemaError where it is no value of the type
 */
export function avroFallback(type: AvroType, json: unknown, path: string): unknown {
  const value = fallbackOf(type, json, path);
  const column = { name: 'default', type: avroColumnType(type), nullable: type.kind === 'optional' };
  const [node] = columnTree([column]);
  const rejection = node && valueAppender(node)(value, 0);
  if (rejection) throw wrong(path, [rejection.path, rejection.reason].filter(Boolean).join(': '));
  return value;
}

function fallbackOf(type: AvroType, json: unknown, path: string): unknown {
  switch (type.kind) {
    case 'leaf':
      return leafFallback(type, json, path);
    case 'enum':
      if (type.symbols.some((symbol) => symbol === json)) return json;
      throw wrong(path, 'it must be a symbol of the enum');
    case 'optional':
      if ((json === null) !== (type.nullBranch === 0)) throw wrong(path, 'it must be of the first type of the union');
      return json === null ? null : fallbackOf(type.type, json, path);
    case 'array':
      if (Array.isArray(json)) return json.map((item) => fallbackOf(type.items, item, path));
      throw wrong(path, 'it must be an array');
    case 'map':
      return new Map(entriesOf(json, path).map(([key, item]) => [key, fallbackOf(type.values, item, path)]));
    case 'record': {
      const given = new Map(entriesOf(json, path));
      const values = type.fields.map(({ name, type: inner, fallback }) => {
        const value = given.has(name) ? fallbackOf(inner, given.get(name), `${path}.${name}`) : fallback;
        if (value === undefined) throw wrong(path, `it needs the field ${name}`);
        return [name, value] as const;
      });
      return Object.fromEntries(values);
    }
  }
}

/** Bytes are text of the characters 0 to 255; the columns check all else. */
function leafFallback({ wire, size, column }: AvroLeaf, json: unknown, path: string): unknown {
  if (wire === 'int' || wire === 'long') return exactInteger(json) ?? json;
  if (wire === 'float' || wire === 'double') return nearestDouble(json) ?? json;
  if (wire !== 'bytes' && wire !== 'fixed') return json;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: bytes are all of them
  if (typeof json !== 'string' || !/^[\u0000-\u00ff]*$/.test(json)) {
    throw wrong(path, 'bytes are text of the characters 0 to 255');
  }
  const bytes = new Uint8Array(Buffer.from(json, 'latin1'));
  if (wire === 'fixed' && bytes.length !== size) throw wrong(path, `it must have ${size} bytes`);
  if (column.kind !== 'decimal') return bytes;
  if (bytes.length === 0) throw wrong(path, 'a decimal has one byte at least');
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}

function entriesOf(json: unknown, path: string): [string, unknown][] {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return Object.entries(json);
  throw wrong(path, 'it must be an object');
}

function wrong(path: string, reason: string): AvroSchemaError {
  return new AvroSchemaError(path, `the default does not fit the type: ${reason}`);
}
