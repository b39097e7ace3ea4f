/** Protobuf wire bytes straight into columns: no object is made of a record. */
import type { Field, MessageType } from '../contract/message.ts';
import { appendAbsent, type ColumnNode, type LeafNode, type ListNode, type MapNode } from '../parquet/column-tree.ts';
import { type Rejection, reject, rejectAt } from '../parquet/rejection.ts';
import {
  type AbsentAppender,
  type FieldReader,
  MapField,
  MessageField,
  RepeatedField,
  ScalarField,
} from './field-reader.ts';
import { mapEntryKey } from './map-entry-key.ts';
import { enumReader, SCALAR_WIRE_TYPES, scalarReader, type ValueReader } from './scalar-reader.ts';
import { type RangeReader, timestampReader } from './timestamp-reader.ts';
import { WireCursor, WireType } from './wire-cursor.ts';

/** Appends one row from a message's bytes, or says why they were refused. Never throws. */
export type ProtobufReader = (bytes: Uint8Array) => Rejection | undefined;

/**
 * Compiles the reader that appends one row of `columns` from the bytes of one `message`. Columns are found by name: a
 * field without a column is skipped, and a column without a field gets null, an empty list or map, or its type's
 * default, so that rows of an older message version land in the columns of a newer one.
 *
 * After a refusal the columns hold part of a row, which `ParquetWriter.appendValues` takes back. Semantics are Protobuf's: unknown fields are skipped, the last occurrence of
 * a singular field counts, sub-messages merge, repeated scalars may be packed or not, an absent scalar is its default.
 * Stricter than Protobuf, because nothing may change silently: an absent required sub-message, an enum number without
 * a name and a known field of another wire type are refused.
 *
 * Closures rather than generated source: `new Function` would start cold in each writer and is forbidden on some
 * platforms (docs/decisions/parquet-writer.md).
 *
 * @throws TypeError where a field's type does not fit its column
 */
export function compileProtobufReader(message: MessageType, columns: readonly ColumnNode[]): ProtobufReader {
  const read = messageReader(message, columns, message.name);
  return (bytes) => read(bytes, 0, bytes.length, 0);
}

/** @param path of the message, for errors */
function messageReader(message: MessageType, columns: readonly ColumnNode[], path: string): RangeReader {
  const columnsByName = new Map(columns.map((column) => [column.column.name, column]));
  const byNumber = new Map<number, FieldReader>();
  const oneofs = new Map<string, (ScalarField | MessageField)[]>();
  for (const field of message.fields) {
    const column = columnsByName.get(field.name);
    if (!column) continue;
    columnsByName.delete(field.name);
    const reader = fieldReader(field, column, `${path}.${field.name}`);
    byNumber.set(field.number, reader);
    const canRival = reader instanceof ScalarField || reader instanceof MessageField;
    if (field.oneof !== undefined && canRival) oneofs.set(field.oneof, [...(oneofs.get(field.oneof) ?? []), reader]);
  }
  for (const members of oneofs.values()) {
    for (const member of members) member.rivals = members.filter((other) => other !== member);
  }
  const absents = [...columnsByName.values()].map((column) => absentAppender(column, path));
  return scanner(byNumber, absents);
}

/** Reads the fields of a message in one pass, then appends what has been seen of each. */
function scanner(byNumber: ReadonlyMap<number, FieldReader>, absents: readonly AbsentAppender[]): RangeReader {
  const fields = [...byNumber.values()];
  // Field numbers below 128, nearly all there are, by index: a hash look-up for each field would show.
  const low = Array.from({ length: 128 }, (_, number) => byNumber.get(number));
  const cursor = new WireCursor();

  const scan = (repetition: number): Rejection | undefined => {
    while (cursor.at < cursor.end) {
      const tag = cursor.uint32();
      const number = tag >>> 3;
      const field = number < 128 ? low[number] : byNumber.get(number);
      if (field) {
        const rejection = field.take(cursor, tag & 7, repetition);
        if (rejection) return rejectAt(field.name, rejection);
      } else if (number === 0) return malformed;
      else cursor.skip(tag & 7, number);
      if (cursor.failed) return field ? rejectAt(field.name, malformed) : malformed;
    }
    return undefined;
  };

  const append = (repetition: number): Rejection | undefined => {
    for (const field of fields) {
      const rejection = field.finish(cursor, repetition);
      if (rejection) return rejectAt(field.name, rejection);
      if (cursor.failed) return rejectAt(field.name, malformed);
    }
    for (const absent of absents) absent(repetition);
    return undefined;
  };

  return (bytes, from, to, repetition) => {
    cursor.reset(bytes, from, to);
    const rejection = scan(repetition) ?? append(repetition);
    if (rejection) for (const field of fields) field.forget();
    return rejection;
  };
}

const malformed = reject('wire', 'the bytes are not a Protobuf message');
const missing = reject('missing', 'a message is required');

function fieldReader(field: Field, column: ColumnNode, path: string): FieldReader {
  if (field.cardinality === 'repeated' && column.kind === 'list') return repeatedField(field, column, path);
  if (field.cardinality === 'map' && column.kind === 'map') return mapField(field, column, path);
  if (field.cardinality === 'repeated' || field.cardinality === 'map') return misfit(field, column, path);
  const absent = absentField(field, column, path);
  if (field.type.kind === 'scalar' || field.type.kind === 'enum') {
    return new ScalarField(field.name, wireType(field), valueReader(field, column, path), absent);
  }
  return new MessageField(field.name, rangeReader(field, column, path), absent);
}

function repeatedField(field: Field, list: ListNode, path: string): FieldReader {
  if (field.type.kind === 'scalar' || field.type.kind === 'enum') {
    return new RepeatedField(field.name, list, wireType(field), valueReader(field, list.element, path));
  }
  const read = rangeReader(field, list.element, path);
  return new RepeatedField(field.name, list, WireType.delimited, (cursor, repetition) => {
    const length = cursor.length();
    if (cursor.failed) return undefined;
    cursor.at += length;
    return read(cursor.bytes, cursor.at - length, cursor.at, repetition);
  });
}

/** A map's entries are messages of two fields; a value that is a message may be left out when it is empty. */
function mapField(field: Field, map: MapNode, path: string): FieldReader {
  const scalar = field.mapKey ?? 'string';
  const key: Field = {
    name: 'key',
    jsonName: 'key',
    number: 1,
    cardinality: 'required',
    type: { kind: 'scalar', scalar },
  };
  const value: Field = { name: 'value', jsonName: 'value', number: 2, cardinality: 'required', type: field.type };
  const readers: [number, FieldReader][] = [
    [1, fieldReader(key, map.key, `${path}.key`)],
    [2, mapValueField(value, map.value, `${path}.value`)],
  ];
  return new MapField(field.name, map, scanner(new Map(readers), []), mapEntryKey(scalar));
}

function mapValueField(value: Field, column: ColumnNode, path: string): FieldReader {
  if (value.type.kind === 'scalar' || value.type.kind === 'enum') return fieldReader(value, column, path);
  const read = rangeReader(value, column, path);
  return new MessageField(value.name, read, (repetition) => read(new Uint8Array(0), 0, 0, repetition));
}

function wireType({ type }: Field): number {
  return type.kind === 'scalar' ? SCALAR_WIRE_TYPES[type.scalar] : WireType.varint;
}

function valueReader(field: Field, column: ColumnNode, path: string): ValueReader {
  const { type } = field;
  if (column.kind !== 'leaf') return misfit(field, column, path);
  if (type.kind === 'scalar') return scalarReader(type.scalar, column) ?? misfit(field, column, path);
  return (type.kind === 'enum' && enumReader(type.enum, column)) || misfit(field, column, path);
}

function rangeReader(field: Field, column: ColumnNode, path: string): RangeReader {
  const { type } = field;
  if (type.kind === 'message' && column.kind === 'struct') return messageReader(type.message, column.children, path);
  return (
    (type.kind === 'timestamp' && column.kind === 'leaf' && timestampReader(column)) || misfit(field, column, path)
  );
}

/** What a singular field of this message appends when it was not sent. */
function absentField(field: Field, column: ColumnNode, path: string): AbsentAppender {
  if (column.column.nullable) return absentAppender(column, path);
  if (field.type.kind === 'scalar') return absentAppender(column, path);
  if (field.type.kind !== 'enum') return () => missing;
  // Proto3's default of an enum is the value numbered 0, which may have no name in a proto2 file.
  const read = valueReader(field, column, path);
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

function misfit(field: Field, column: ColumnNode, path: string): never {
  throw new TypeError(
    `Cannot read "${path}" into a column of kind "${column.column.type.kind}": a ${field.cardinality} ${field.type.kind} field does not fit, only its own column type or a wider number does`,
  );
}
