/** What breaks when records of an older Avro schema are read as a newer one. */
import type { SchemaBreak } from '../contract/compatibility.ts';
import { avroColumnType } from './avro-columns.ts';
import type { AvroRecord, AvroType } from './avro-type.ts';

/**
 * Empty when nothing breaks: new fields have a default, and types stay what they are or may be null as well. Stricter
 * than the specification's "Schema Resolution", in that fields are not removed and types do not become wider: columns of
 * a table do neither.
 */
export function avroBreaks(older: AvroRecord, newer: AvroRecord, path = ''): SchemaBreak[] {
  const removed = older.fields.flatMap((before): SchemaBreak[] => {
    const after = newer.fields.find(({ name }) => name === before.name);
    const at = path + before.name;
    return after ? typeBreaks(before.type, after.type, at) : [{ path: at, reason: 'was removed' }];
  });
  const added = newer.fields
    .filter(({ name, fallback }) => fallback === undefined && !older.fields.some((before) => before.name === name))
    .map(({ name }) => ({ path: path + name, reason: 'is new and has no default' }));
  return [...removed, ...added];
}

function typeBreaks(before: AvroType, after: AvroType, path: string): SchemaBreak[] {
  if (before.kind === 'optional') {
    if (after.kind !== 'optional') return [{ path, reason: 'may be null no more' }];
    return typeBreaks(before.type, after.type, path);
  }
  if (after.kind === 'optional') return typeBreaks(before, after.type, path);
  if (before.kind === 'record' && after.kind === 'record') return avroBreaks(before, after, `${path}.`);
  if (before.kind === 'array' && after.kind === 'array') return typeBreaks(before.items, after.items, `${path}[]`);
  if (before.kind === 'map' && after.kind === 'map') return typeBreaks(before.values, after.values, `${path}{}`);
  if (before.kind === 'enum' && after.kind === 'enum') {
    const gone = before.symbols.filter((symbol) => !after.symbols.includes(symbol));
    const isLost = gone.length > 0 && after.fallback === undefined;
    return isLost ? [{ path, reason: `lost the symbol ${gone[0]}, and the enum has no default` }] : [];
  }
  const [was, is] = [before, after].map((type) => JSON.stringify(avroColumnType(type)));
  return was === is ? [] : [{ path, reason: `changed its type from ${typeName(before)} to ${typeName(after)}` }];
}

function typeName(type: AvroType): string {
  return type.kind === 'leaf' ? `${type.wire} (${type.column.kind})` : type.kind;
}
