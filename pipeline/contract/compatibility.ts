/** BACKWARD compatibility: every record of an older version must be readable, whole, by the newer one. */
import type { Field, MessageType, ValueType } from './message.ts';

/**
 * What breaks when records of `older` are read as `newer`; empty when nothing does. Each finding names the field's
 * path. Fields may be added when they are optional, repeated or maps. They may not be removed, because the column's
 * values would be dropped without a word: mark them `deprecated` and `optional` instead.
 */
export function backwardBreaks(older: MessageType, newer: MessageType, path = ''): string[] {
  const breaks: string[] = [];
  for (const before of older.fields) {
    const after = newer.fields.find(({ number }) => number === before.number);
    breaks.push(...(after ? fieldBreaks(before, after, path) : [`${path}${before.name}: removed`]));
  }
  for (const added of newer.fields.filter(({ number }) => !older.fields.some((field) => field.number === number))) {
    if (added.cardinality === 'required') {
      breaks.push(`${path}${added.name}: added as required, a new field must be optional, repeated or a map`);
    }
  }
  return breaks;
}

function fieldBreaks(before: Field, after: Field, path: string): string[] {
  const where = `${path}${before.name}`;
  if (before.name !== after.name) {
    return [`${where}: number ${before.number} is now called ${after.name}, a name and a number belong together`];
  }
  const relaxed = before.cardinality === 'required' && after.cardinality === 'optional';
  if (before.cardinality !== after.cardinality && !relaxed) {
    return [`${where}: was ${before.cardinality}, is ${after.cardinality}`];
  }
  if (before.mapKey !== after.mapKey || typeName(before.type) !== typeName(after.type)) {
    return [`${where}: the type changed from ${typeName(before.type)} to ${typeName(after.type)}`];
  }
  if (before.type.kind === 'message' && after.type.kind === 'message') {
    return backwardBreaks(before.type.message, after.type.message, `${where}.`);
  }
  return before.type.kind === 'enum' && after.type.kind === 'enum' ? enumBreaks(before.type, after.type, where) : [];
}

type EnumValueType = Extract<ValueType, { kind: 'enum' }>;

function enumBreaks(before: EnumValueType, after: EnumValueType, where: string): string[] {
  return Object.entries(before.enum.values)
    .filter(([name, number]) => after.enum.values[name] !== number)
    .map(([name, number]) => `${where}: enum value ${name} = ${number} was removed or renumbered`);
}

function typeName(type: ValueType): string {
  return type.kind === 'scalar' ? type.scalar : type.kind;
}
