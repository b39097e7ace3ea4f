/** Generated code that reads one message type into columns: the straight way of messages that have nothing unusual. */
import type { Field, MessageType } from '../contract/message.ts';
import type { ColumnNode, LeafNode, ListNode, MapNode } from '../parquet/column-tree.ts';
import { GeneratedSource, indented } from '../parquet/generated-source.ts';
import { mapEntryType } from './canonical-message.ts';
import { hasKeyAgain, mapEntryKey } from './map-entry-key.ts';
import { enumNames, SCALAR_WIRE_TYPES } from './scalar-reader.ts';
import {
  closureLines,
  defaultLines,
  enumLines,
  presenceLines,
  scalarLines,
  sizeLines,
  timestampLines,
  valuesName,
} from './value-source.ts';
import { WireType } from './wire-cursor.ts';
import type { WireWords } from './wire-words.ts';

/**
 * A function of the length of the message that is loaded in `wire`, which appends a row and returns true. False, with
 * part of a row appended, is its answer to all that is wrong, comes twice or in groups, or that only closures read.
 * The columns must be ones that `closureReader` accepts.
 */
export function readerSource(message: MessageType, columns: readonly ColumnNode[], wire: WireWords): GeneratedSource {
  const source = new GeneratedSource();
  source.constant(wire, 'wire');
  const read = messageFunction(source, message, columns);
  source.add('return function readRow(length) {', `  return ${read}(0, length, 0);`, '};');
  return source;
}

/** A field that has a column. */
interface Place {
  readonly field: Field;
  readonly column: ColumnNode;
  /** The variable that tells whether a singular field was seen, and its bit there. */
  readonly seen: string;
  readonly bit: number;
  /** The variable with the repetition level of a repeated field's next element. */
  readonly next: string;
  /** Whether the message is the entry of a map, whose value may be left out when it is empty. */
  readonly isEntry: boolean;
}

/** Adds the function that reads a message; its level is that of the message's first values. @returns its name */
function messageFunction(
  source: GeneratedSource,
  message: MessageType,
  columns: readonly ColumnNode[],
  isEntry = false,
) {
  const byName = new Map(columns.map((column) => [column.column.name, column]));
  const places = message.fields.flatMap((field, i): Place[] => {
    const column = byName.get(field.name);
    byName.delete(field.name);
    const { name } = field;
    const seen = `seen${Math.floor(i / SEEN_BITS)}`;
    const next = source.name(`${name}_level`);
    return column ? [{ field, column, seen, bit: 2 ** (i % SEEN_BITS), next, isEntry }] : [];
  });
  const cases = places.flatMap((place) => fieldCases(source, place, places));
  const absences = places.flatMap((place) => absenceLines(source, place));
  const missing = [...byName.values()].flatMap((column) => defaultLines(source, column));
  const known = source.constant(new Set(places.map(({ field }) => field.number)), `fields_${message.name}`);
  const read = source.name(`read_${message.name}`);
  source.add(
    `function ${read}(at, end, level) {`,
    ...indented([
      'const { bytes, view } = wire;',
      ...[...new Set(places.map(({ seen }) => seen))].map((seen) => `let ${seen} = 0;`),
      ...places.filter(repeats).map(({ next }) => `let ${next} = level;`),
      ...places.filter(({ field }) => field.cardinality === 'map').map((place) => `const ${rangesOf(place)} = [];`),
      'while (at < end) {',
      ...indented([
        'let tag = bytes[at++];',
        ...longTag(),
        'switch (tag) {',
        ...indented([...cases, ...unknownCase(known)]),
        '}',
      ]),
      '}',
      'if (at !== end) return false;',
      ...absences,
      ...missing,
      'return true;',
    ]),
    '}',
  );
  return read;
}

/** Bits of a variable that are used, so that it stays a small integer. */
const SEEN_BITS = 30;

function repeats({ field }: Place): boolean {
  return field.cardinality === 'repeated' || field.cardinality === 'map';
}

const rangesOf = ({ next }: Place): string => `${next}_ranges`;

/** Two bytes are read here, as most tables have fields with such tags; the second then tells whether more follow. */
function longTag(): string[] {
  return [
    'if (tag > 127) {',
    '  tag = (tag & 127) | (bytes[at++] << 7);',
    '  if (tag > 16383) {',
    '    at = wire.varint(at - 2, end);',
    '    if (at < 0 || wire.high !== 0) return false;',
    '    tag = wire.low >>> 0;',
    '  }',
    '}',
  ];
}

function unknownCase(known: string): string[] {
  return [
    'default:',
    // A known field of another wire type.
    `  if (${known}.has(tag >>> 3)) return false;`,
    '  at = wire.skip(tag, at, end);',
    '  if (at < 0) return false;',
  ];
}

function fieldCases(source: GeneratedSource, place: Place, places: readonly Place[]): string[] {
  const { field, column } = place;
  const wireType = fieldWireType(field);
  const one = (lines: readonly string[]) => caseLines(field, wireType, lines);
  if (column.kind === 'map') return one(entryLines(source, place, column));
  if (column.kind === 'list') {
    const element = elementLines(source, place, column);
    const isPackable = wireType !== WireType.delimited;
    return [...one(element), ...(isPackable ? caseLines(field, WireType.delimited, packedLines(element)) : [])];
  }
  const rivals = places.filter(
    (other) => other === place || (field.oneof !== undefined && other.field.oneof === field.oneof),
  );
  return one([
    ...seenMasks(rivals).map(([seen, mask]) => `if ((${seen} & ${mask}) !== 0) return false;`),
    `${place.seen} |= ${place.bit};`,
    ...valueLines(source, field, column, 'level'),
  ]);
}

function seenMasks(places: readonly Place[]): [seen: string, mask: number][] {
  const masks = new Map<string, number>();
  for (const { seen, bit } of places) masks.set(seen, (masks.get(seen) ?? 0) | bit);
  return [...masks];
}

function fieldWireType({ type, cardinality }: Field): number {
  if (cardinality === 'map') return WireType.delimited;
  if (type.kind === 'scalar') return SCALAR_WIRE_TYPES[type.scalar];
  return type.kind === 'enum' ? WireType.varint : WireType.delimited;
}

function caseLines({ number, name }: Field, wireType: number, lines: readonly string[]): string[] {
  return [`case ${number * 8 + wireType}: { // ${JSON.stringify(name)}`, ...indented([...lines, 'break;']), '}'];
}

function elementLines(source: GeneratedSource, place: Place, column: ListNode): string[] {
  return [
    ...presenceLines(source, column, place.next),
    ...valueLines(source, place.field, column.element, place.next),
    `${place.next} = ${column.repetition + 1};`,
  ];
}

function packedLines(element: readonly string[]): string[] {
  return [
    ...sizeLines(),
    'const packedEnd = at + size;',
    'while (at < packedEnd) {',
    ...indented(element),
    '}',
    'if (at !== packedEnd) return false;',
  ];
}

function entryLines(source: GeneratedSource, place: Place, column: MapNode): string[] {
  const { field, next } = place;
  const read = messageFunction(source, mapEntryType(field), [column.key, column.value], true);
  return [
    ...sizeLines(),
    ...presenceLines(source, column, next),
    `if (!${read}(at, at + size, ${next})) return false;`,
    `${rangesOf(place)}.push(at, at + size);`,
    'at += size;',
    `${next} = ${column.repetition + 1};`,
  ];
}

/** Reads one value of the field, behind its tag. */
function valueLines(source: GeneratedSource, field: Field, column: ColumnNode, level: string): string[] {
  const { type } = field;
  const presence = presenceLines(source, column, level);
  if (type.kind === 'message' && column.kind === 'struct') {
    const read = messageFunction(source, type.message, column.children);
    return [...sizeLines(), ...presence, `if (!${read}(at, at + size, ${level})) return false;`, 'at += size;'];
  }
  const leaf = column as LeafNode;
  switch (type.kind) {
    case 'enum':
      return [...enumLines(source, type.enum, leaf), ...presence];
    case 'timestamp':
      return [...timestampLines(source, leaf), ...presence];
    case 'scalar': {
      const lines = scalarLines(source, type.scalar, leaf);
      return lines ? [...lines, ...presence] : closureLines(source, type.scalar, leaf, level);
    }
    default:
      throw new TypeError(`Cannot generate a reader of "${field.name}": a message needs a struct`);
  }
}

/** What is appended where the field did not come. */
function absenceLines(source: GeneratedSource, place: Place): string[] {
  const { field, column, seen, bit, next, isEntry } = place;
  if (column.kind === 'map') {
    const keyOf = source.constant(mapEntryKey(field.mapKey ?? 'string'), `key_${field.name}`);
    const again = `${source.constant(hasKeyAgain, 'hasKeyAgain')}(${rangesOf(place)}, ${keyOf}, bytes)`;
    return [...when(`${next} === level`, defaultLines(source, column)), `if (${again}) return false;`];
  }
  if (column.kind === 'list') return when(`${next} === level`, defaultLines(source, column));
  return when(
    `(${seen} & ${bit}) === 0`,
    isEntry ? emptyLines(source, field, column) : absentLines(source, field, column),
  );
}

function when(condition: string, lines: readonly string[]): string[] {
  return [`if (${condition}) {`, ...indented(lines), '}'];
}

/** A message that is not there has no default: it is null, or the row is refused. */
function absentLines(source: GeneratedSource, { type }: Field, column: ColumnNode): string[] {
  if (column.column.nullable || type.kind === 'scalar') return defaultLines(source, column);
  if (type.kind !== 'enum') return ['return false;'];
  const name = enumNames(type.enum).get(0);
  return [
    name === undefined
      ? 'return false;'
      : `${valuesName(source, column as LeafNode)}.pushString(${JSON.stringify(name)});`,
  ];
}

/** A message that is left out as the value of a map is there, and empty. */
function emptyLines(source: GeneratedSource, field: Field, column: ColumnNode): string[] {
  const { type } = field;
  if (type.kind === 'message' && column.kind === 'struct') {
    const read = messageFunction(source, type.message, column.children);
    return [...presenceLines(source, column, 'level'), `if (!${read}(at, at, level)) return false;`];
  }
  if (type.kind !== 'timestamp') return absentLines(source, field, column);
  return [`${valuesName(source, column as LeafNode)}.pushInt64(0, 0);`, ...presenceLines(source, column, 'level')];
}
