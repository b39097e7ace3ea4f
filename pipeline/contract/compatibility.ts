/** BACKWARD compatibility: every record of an older version must be readable, whole, by the newer one. */
import type { Field, MessageType, ValueType } from './message.ts';

/** Something that a newer version may not do. */
export interface SchemaBreak {
  /** The field, from the payload down, as in `items.sku`; empty means the payload. */
  readonly path: string;
  readonly reason: string;
  /** The full name in the newer version of what has to change, where the format gives it one of its own. */
  readonly declaration?: string;
}

/**
 * What breaks when records of `older` are read as `newer`; empty when nothing does. Fields may be added when they are
 * optional, repeated or maps, and required ones may become optional. Fields may not be removed, because the column's
 * values would be dropped without a word: mark them `deprecated` and `optional` instead. The payload keeps its package:
 * consumers tell messages apart by their full names.
 */
export function backwardBreaks(older: MessageType, newer: MessageType): SchemaBreak[] {
  const renamed = { path: '', reason: `was ${older.name}, is ${newer.name}`, declaration: newer.name };
  return [...(older.name === newer.name ? [] : [renamed]), ...messageBreaks(older, newer, '')];
}

function messageBreaks(older: MessageType, newer: MessageType, path: string): SchemaBreak[] {
  const breaks: SchemaBreak[] = [];
  for (const before of older.fields) {
    const after = newer.fields.find(({ number }) => number === before.number);
    const removed = { path: path + before.name, reason: 'was removed', declaration: newer.name };
    breaks.push(...(after ? fieldBreaks(before, after, newer, path) : [removed]));
  }
  for (const added of newer.fields.filter(({ number }) => !older.fields.some((field) => field.number === number))) {
    if (added.cardinality === 'required') {
      const reason = 'is new and required, a new field must be optional, repeated or a map';
      breaks.push({ path: path + added.name, reason, declaration: `${newer.name}.${added.name}` });
    }
  }
  return breaks;
}

function fieldBreaks(before: Field, after: Field, newer: MessageType, parentPath: string): SchemaBreak[] {
  const path = parentPath + before.name;
  const reason = changeOf(before, after);
  if (reason !== undefined) {
    return [{ path, reason, declaration: `${newer.name}.${after.name}` }];
  }
  if (before.type.kind === 'message' && after.type.kind === 'message') {
    return messageBreaks(before.type.message, after.type.message, `${path}.`);
  }
  return before.type.kind === 'enum' && after.type.kind === 'enum' ? enumBreaks(before.type, after.type, path) : [];
}

function changeOf(before: Field, after: Field): string | undefined {
  if (before.name !== after.name) {
    return `is now called ${after.name}, a name and its number ${before.number} belong together`;
  }
  const relaxed = before.cardinality === 'required' && after.cardinality === 'optional';
  if (before.cardinality !== after.cardinality && !relaxed) {
    return `was ${before.cardinality}, is ${after.cardinality}`;
  }
  const [typeBefore, typeAfter] = [typeName(before), typeName(after)];
  if (typeBefore !== typeAfter) {
    return `changed its type from ${typeBefore} to ${typeAfter}`;
  }
  // A record may have set several fields that the oneof would reduce to the last one.
  const joined = after.oneof !== undefined && before.oneof !== after.oneof;
  return joined ? `moved into oneof ${after.oneof}` : undefined;
}

function typeName({ type, mapKey }: Field): string {
  const value = type.kind === 'scalar' ? type.scalar : type.kind;
  return mapKey === undefined ? value : `map<${mapKey}, ${value}>`;
}

type EnumValueType = Extract<ValueType, { kind: 'enum' }>;

function enumBreaks(before: EnumValueType, after: EnumValueType, path: string): SchemaBreak[] {
  return Object.entries(before.enum.values)
    .filter(([name, number]) => after.enum.values[name] !== number)
    .map(([name, number]) => ({
      path,
      reason: `the enum value ${name} = ${number} was removed or renumbered`,
      declaration: after.enum.name,
    }));
}
