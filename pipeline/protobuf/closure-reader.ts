/** Protobuf readers made of closures: they know every case, and where in a message something is wrong. */
import type { Field, MessageType } from '../contract/message.ts';
import {
  appendAbsent,
  type ColumnNode,
  type LeafNode,
  type ListNode,
  type MapNode,
  undoRows,
} from '../parquet/column-tree.ts';
import type { Levels } from '../parquet/levels.ts';
import { type Rejection, reject } from '../parquet/rejection.ts';
import { canonicalMessage, mapEntryType } from './canonical-message.ts';
import { type AbsentAppender, type FieldPlan, FieldReader } from './field-reader.ts';
import { mapEntryKey } from './map-entry-key.ts';
import { type Ambiguity, messageScanner, type RangeReader } from './message-scanner.ts';
import { enumReader, SCALAR_WIRE_TYPES, scalarReader, type ValueReader } from './scalar-reader.ts';
import { timestampReader } from './timestamp-reader.ts';
import { WireCursor, WireType } from './wire-cursor.ts';

/** Appends a row's columns from the bytes of a message; ambiguous messages are taken back and read once more. */
export function closureReader(
  message: MessageType,
  columns: readonly ColumnNode[],
): (bytes: Uint8Array) => Rejection | undefined {
  const ambiguity: Ambiguity = { found: false };
  const read = messageReader(message, columns, { path: message.name, ambiguity });
  const leaves = columns.flatMap((column) => column.leaves);
  return (bytes) => {
    const rows = leaves[0]?.levels.rows ?? 0;
    ambiguity.found = false;
    const rejection = read(bytes, 0, bytes.length, 0);
    if (!ambiguity.found) return rejection;
    undoRows(leaves, rows);
    const canonical = canonicalMessage(message, bytes);
    return canonical ? read(canonical, 0, canonical.length, 0) : malformed;
  };
}

const malformed = reject('wire', 'the bytes are not a Protobuf message');
const missing = reject('missing', 'a message is required');

/** What all readers of a compilation know. */
interface Context {
  /** Where in the message the field is, for errors. */
  readonly path: string;
  readonly ambiguity: Ambiguity;
}

function messageReader(message: MessageType, columns: readonly ColumnNode[], context: Context): RangeReader {
  const columnsByName = new Map(columns.map((column) => [column.column.name, column]));
  const byNumber = new Map<number, FieldReader>();
  const oneofs = new Map<string, FieldReader[]>();
  for (const field of message.fields) {
    const column = columnsByName.get(field.name);
    if (!column) continue;
    columnsByName.delete(field.name);
    const reader = new FieldReader(fieldPlan(field, column, within(context, field.name)));
    byNumber.set(field.number, reader);
    if (field.oneof !== undefined) oneofs.set(field.oneof, [...(oneofs.get(field.oneof) ?? []), reader]);
  }
  for (const members of oneofs.values()) {
    for (const member of members) member.rivals = members.filter((other) => other !== member);
  }
  const absents = [...columnsByName.values()].map((column) => absentAppender(column, context.path));
  return messageScanner(byNumber, absents, context.ambiguity);
}

function within({ path, ambiguity }: Context, name: string): Context {
  return { path: `${path}.${name}`, ambiguity };
}

function fieldPlan(field: Field, column: ColumnNode, context: Context): FieldPlan {
  const { name, cardinality } = field;
  const base = { name, wireType: wireType(field), packable: false, repeats: 0, keyOf: undefined, entries: undefined };
  if (cardinality === 'repeated' && column.kind === 'list') {
    const packable = base.wireType !== WireType.delimited;
    const read = valueReader(field, column.element, context);
    return { ...base, ...repeatedPlan(column, context), packable, read };
  }
  if (cardinality === 'map' && column.kind === 'map') {
    const read = delimitedReader(mapEntryReader(field, column.key, column.value, context));
    const keyOf = mapEntryKey(field.mapKey ?? 'string');
    return { ...base, ...repeatedPlan(column, context), read, keyOf };
  }
  if (cardinality === 'repeated' || cardinality === 'map') return misfit(field, column, context);
  return { ...base, read: valueReader(field, column, context), absent: absentField(field, column, context) };
}

function repeatedPlan(column: ListNode | MapNode, { path }: Context) {
  return { absent: absentAppender(column, path), repeats: column.repetition + 1, entries: column.entries };
}

function wireType({ type, cardinality }: Field): number {
  if (cardinality === 'map') return WireType.delimited;
  if (type.kind === 'scalar') return SCALAR_WIRE_TYPES[type.scalar];
  return type.kind === 'enum' ? WireType.varint : WireType.delimited;
}

/** The reader of one value of the field, whatever its cardinality. */
function valueReader(field: Field, column: ColumnNode, context: Context): ValueReader {
  const { type } = field;
  if (type.kind === 'message' && column.kind === 'struct') {
    return noting(column.entries, delimitedReader(messageReader(type.message, column.children, context)));
  }
  if (column.kind !== 'leaf') return misfit(field, column, context);
  const reader = leafReader(type, column);
  return reader ?? misfit(field, column, context);
}

function leafReader(type: Field['type'], leaf: LeafNode): ValueReader | undefined {
  switch (type.kind) {
    case 'scalar':
      return scalarReader(type.scalar, leaf);
    case 'enum':
      return enumReader(type.enum, leaf);
    case 'timestamp': {
      const read = timestampReader(leaf);
      return read && delimitedReader(read);
    }
    case 'message':
      return undefined;
  }
}

/** Notes each occurrence in the levels of a message that may be absent. */
function noting(entries: Levels | undefined, read: ValueReader): ValueReader {
  if (!entries) return read;
  return (cursor, repetition) => {
    entries.present(repetition);
    return read(cursor, repetition);
  };
}

function delimitedReader(read: RangeReader): ValueReader {
  return (cursor, repetition) => {
    const length = cursor.length();
    if (cursor.failed) return malformed;
    const from = cursor.at;
    cursor.at = from + length;
    return read(cursor.bytes, from, from + length, repetition);
  };
}

/** An entry is a message, whose value may be left out when it is empty: even one that is a message. */
function mapEntryReader(field: Field, key: ColumnNode, value: ColumnNode, context: Context): RangeReader {
  const entry = mapEntryType(field);
  const columns = [key, value];
  const readers = entry.fields.map((part, i): [number, FieldReader] => {
    const column = columns[i] as ColumnNode;
    const plan = fieldPlan(part, column, within(context, part.name));
    const isMessage = plan.wireType === WireType.delimited && part.type.kind !== 'scalar';
    return [part.number, new FieldReader(isMessage ? { ...plan, absent: emptyMessage(plan.read) } : plan)];
  });
  return messageScanner(new Map(readers), [], context.ambiguity);
}

/** A message without bytes, which is a length of 0. */
function emptyMessage(read: ValueReader): AbsentAppender {
  const cursor = new WireCursor();
  return (repetition) => {
    cursor.reset(Uint8Array.of(0), 0, 1);
    return read(cursor, repetition);
  };
}

/** What a singular field of this message appends when it was not sent. */
function absentField(field: Field, column: ColumnNode, context: Context): AbsentAppender {
  if (column.column.nullable || field.type.kind === 'scalar') return absentAppender(column, context.path);
  if (field.type.kind !== 'enum') return () => missing;
  // Proto3's default of an enum is the value numbered 0, which may have no name in a proto2 file.
  const read = valueReader(field, column, context);
  const zero = new WireCursor();
  return (repetition) => {
    zero.reset(Uint8Array.of(0), 0, 1);
    return read(zero, repetition);
  };
}

/** What a column appends that the message does not have, or that was not sent. */
function absentAppender(column: ColumnNode, path: string): AbsentAppender {
  const { definition } = column;
  const absent = (level: number): AbsentAppender => {
    return (repetition) => {
      appendAbsent(column, level, repetition);
      return undefined;
    };
  };
  if (column.kind === 'list' || column.kind === 'map') return absent(definition);
  if (column.column.nullable) return absent(definition - 1);
  if (column.kind === 'leaf') {
    const append = defaultAppender(column);
    if (append) return append;
  }
  throw new TypeError(
    `Cannot read "${path}" into column "${column.column.name}": the message has no such field, and a column without a default must be nullable`,
  );
}

/** Zero, false, or the empty text, which is what eight zero bytes read as in every scalar type. */
function defaultAppender(leaf: LeafNode): AbsentAppender | undefined {
  const scalar = DEFAULT_SCALARS.find((candidate) => scalarReader(candidate, leaf));
  const read = scalar && scalarReader(scalar, leaf);
  if (!read) return undefined;
  const zeros = new Uint8Array(8);
  const cursor = new WireCursor();
  return (repetition) => {
    cursor.reset(zeros, 0, zeros.length);
    return read(cursor, repetition);
  };
}

const DEFAULT_SCALARS = ['int32', 'uint32', 'int64', 'uint64', 'float', 'double', 'bool', 'string', 'bytes'] as const;

function misfit(field: Field, column: ColumnNode, { path }: Context): never {
  throw new TypeError(
    `Cannot read "${path}" into a column of kind "${column.column.type.kind}": a ${field.cardinality} ${field.type.kind} field does not fit, only its own column type or a wider number does`,
  );
}
