/** What breaks when records of an older Avro schema are read as a newer one. */
import type { SchemaBreak } from '../contract/compatibility.ts';
import { avroColumnType } from './avro-columns.ts';
import type { AvroRecord, AvroType } from './avro-type.ts';

/**
 * Empty when nothing breaks: new fields have a default, types stay what they are or may be null as well, and those that
 * have names keep them: Avro resolves two records, enums or fixed types only when their names, without namespaces, are
 * the same. Aliases, which could say otherwise, are not looked at. Stricter than the specification's "Schema Resolution", in that fields are not removed and types do not become wider: columns of
 * a table do neither.
 */
export function avroBreaks(older: AvroRecord, newer: AvroRecord): SchemaBreak[] {
  return recordBreaks(older, newer, '');
}

function recordBreaks(older: AvroRecord, newer: AvroRecord, path: string): SchemaBreak[] {
  const prefix = path === '' ? '' : `${path}.`;
  const removed = older.fields.flatMap((before): SchemaBreak[] => {
    const after = newer.fields.find(({ name }) => name === before.name);
    const at = prefix + before.name;
    return after ? typeBreaks(before.type, after.type, at) : [{ path: at, reason: 'was removed' }];
  });
  const added = newer.fields
    .filter(({ name, fallback }) => fallback === undefined && !older.fields.some((before) => before.name === name))
    .map(({ name }) => ({ path: prefix + name, reason: 'is new and has no default' }));
  return [...nameBreaks(older, newer, path), ...removed, ...added];
}

function typeBreaks(before: AvroType, after: AvroType, path: string): SchemaBreak[] {
  if (before.kind === 'optional') {
    if (after.kind !== 'optional') return [{ path, reason: 'may be null no more' }];
    return typeBreaks(before.type, after.type, path);
  }
  if (after.kind === 'optional') return typeBreaks(before, after.type, path);
  if (before.kind === 'record' && after.kind === 'record') return recordBreaks(before, after, path);
  if (before.kind === 'array' && after.kind === 'array') return typeBreaks(before.items, after.items, `${path}[]`);
  if (before.kind === 'map' && after.kind === 'map') return typeBreaks(before.values, after.values, `${path}{}`);
  if (before.kind === 'enum' && after.kind === 'enum') {
    const gone = before.symbols.filter((symbol) => !after.symbols.includes(symbol));
    const isLost = gone.length > 0 && after.fallback === undefined;
    const lost = isLost ? [{ path, reason: `lost the symbol ${gone[0]}, and the enum has no default` }] : [];
    return [...nameBreaks(before, after, path), ...lost];
  }
  if (before.kind === 'leaf' && after.kind === 'leaf' && before.wire === 'fixed' && after.wire === 'fixed') {
    const resized = { path, reason: `was ${before.size} bytes, is ${after.size}` };
    const breaks = [...nameBreaks(before, after, path), ...(before.size === after.size ? [] : [resized])];
    if (breaks.length > 0) return breaks;
  }
  const [was, is] = [before, after].map((type) => JSON.stringify([isFixed(type), avroColumnType(type)]));
  return was === is ? [] : [{ path, reason: `changed its type from ${typeName(before)} to ${typeName(after)}` }];
}

/** Whose length stands in the schema and not before the bytes, so that it never passes for `bytes`. */
const isFixed = (type: AvroType): boolean => type.kind === 'leaf' && type.wire === 'fixed';

function nameBreaks(
  before: { readonly name?: string },
  after: { readonly name?: string },
  path: string,
): SchemaBreak[] {
  const [was, is] = [before.name ?? '', after.name ?? ''];
  const isSame = unqualified(was) === unqualified(is);
  return isSame ? [] : [{ path, reason: `was called ${was}, is called ${is}`, declaration: is }];
}

const unqualified = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

function typeName(type: AvroType): string {
  if (type.kind !== 'leaf') return type.kind;
  const { wire, column } = type;
  switch (column.kind) {
    case 'decimal':
      return `${wire} (decimal ${column.precision}, ${column.scale})`;
    case 'timestamp':
      return `${wire} (timestamp ${column.unit})`;
    default:
      return `${wire} (${column.kind})`;
  }
}
