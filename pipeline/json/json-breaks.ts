/** What breaks when JSON of an older schema is read as a newer one. */
import type { SchemaBreak } from '../contract/compatibility.ts';
import type { JsonLeaf, JsonObject, JsonType } from './json-type.ts';

/**
 * Empty when nothing breaks: every text that the older schema accepts is one of the newer, and no column changes. New
 * properties may be absent, bounds and lists of values may only widen, within the same column type.
 */
export function jsonBreaks(older: JsonObject, newer: JsonObject, path = ''): SchemaBreak[] {
  const kept = older.properties.flatMap((before): SchemaBreak[] => {
    const after = newer.properties.find(({ name }) => name === before.name);
    const at = path + before.name;
    if (!after) return [{ path: at, reason: 'was removed' }];
    const required = after.required && !before.required ? [{ path: at, reason: 'is required now' }] : [];
    return [...required, ...typeBreaks(before.type, after.type, at)];
  });
  const added = newer.properties
    .filter(({ name, required }) => required && !older.properties.some((before) => before.name === name))
    .map(({ name }) => ({ path: path + name, reason: 'is new and required' }));
  return [...kept, ...added];
}

function typeBreaks(before: JsonType, after: JsonType, path: string): SchemaBreak[] {
  const nulls = before.nullable && !after.nullable ? [{ path, reason: 'may be null no more' }] : [];
  return [...nulls, ...valueBreaks(before, after, path)];
}

function valueBreaks(before: JsonType, after: JsonType, path: string): SchemaBreak[] {
  if (before.kind === 'object' && after.kind === 'object') return jsonBreaks(before, after, `${path}.`);
  if (before.kind === 'array' && after.kind === 'array') return typeBreaks(before.items, after.items, `${path}[]`);
  if (before.kind === 'map' && after.kind === 'map') return typeBreaks(before.values, after.values, `${path}{}`);
  const isSame =
    before.kind === 'leaf' && after.kind === 'leaf' && JSON.stringify(before.column) === JSON.stringify(after.column);
  if (isSame) return leafBreaks(before, after, path);
  return [{ path, reason: `changed its type from ${typeName(before)} to ${typeName(after)}` }];
}

function leafBreaks(before: JsonLeaf, after: JsonLeaf, path: string): SchemaBreak[] {
  const gone = before.values?.find((value) => !after.values?.includes(value));
  if (gone !== undefined) return [{ path, reason: `lost the value ${gone}` }];
  const raised = after.minimum !== undefined && (before.minimum === undefined || before.minimum < after.minimum);
  const lowered = after.maximum !== undefined && (before.maximum === undefined || before.maximum > after.maximum);
  return raised || lowered ? [{ path, reason: 'has narrower bounds' }] : [];
}

function typeName(type: JsonType): string {
  if (type.kind !== 'leaf') return type.kind;
  const { column } = type;
  return column.kind === 'int' ? `${column.signed ? '' : 'unsigned '}int of ${column.bits} bits` : column.kind;
}
