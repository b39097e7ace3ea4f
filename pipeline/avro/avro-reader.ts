/** Avro bytes straight into columns: no object is made of a record. */

import { BytesValues } from '../parquet/bytes-values.ts';
import { appendAbsent, type ColumnNode, type ListNode, type MapNode } from '../parquet/column-tree.ts';
import type { Levels } from '../parquet/levels.ts';
import { type Rejection, reject, rejectAt } from '../parquet/rejection.ts';
import { valueAppender } from '../parquet/value-appender.ts';
import { AvroCursor } from './avro-cursor.ts';
import { type AvroLeafReader, avroEnumReader, avroLeafReader } from './avro-leaf-reader.ts';
import { avroSkipper } from './avro-skipper.ts';
import type { AvroArray, AvroField, AvroMap, AvroOptional, AvroRecord, AvroType } from './avro-type.ts';

/** Appends one row from a record's bytes, or says why they were refused. Never throws. */
export type AvroReader = (bytes: Uint8Array) => Rejection | undefined;

/**
 * Compiles the reader that appends one row of `columns` from the bytes of one record of the `writer` schema. `reader`
 * is the schema that the columns are of: by the specification's "Schema Resolution" rows of an older writer land in
 * newer columns by field name, and what the writer lacks is the reader's default, or null where a column may be null.
 *
 * After a refusal the columns hold part of a row, which `ParquetWriter.appendValues` takes back. Stricter than the
 * specification, because nothing may change silently: a long becomes no double, a map's keys differ, and all bytes are
 * of the record.
 *
 * @throws TypeError where a field's type does not fit its column
 */
export function compileAvroReader(
  writer: AvroRecord,
  columns: readonly ColumnNode[],
  reader: AvroRecord = writer,
): AvroReader {
  const cursor = new AvroCursor();
  const read = recordReader(writer, reader, columns, writer.name);
  return (bytes) => {
    cursor.reset(bytes);
    const rejection = read(cursor, 0);
    if (rejection) return rejection;
    return cursor.at < cursor.end ? trailing : undefined;
  };
}

/** Reads one value at the cursor into a column. */
type AvroValueReader = (cursor: AvroCursor, repetition: number) => Rejection | undefined;

const malformed = reject('wire', 'the bytes are not of the Avro schema');
const trailing = reject('wire', 'bytes follow the record, and a value is one record only');
const missing = reject('missing', 'a value is required');
const keyAgain = reject('wire', 'a key came again, and the keys of a map differ');

function recordReader(
  writer: AvroRecord,
  reader: AvroRecord,
  columns: readonly ColumnNode[],
  path: string,
): AvroValueReader {
  const names = writer.fields.map((field) => field.name);
  const fields = writer.fields.map((field) => fieldReader(field, reader, columns, `${path}.${field.name}`));
  const absents = columns
    .filter(({ column }) => !names.includes(column.name))
    .map((column) => absentAppender(column, reader, path));
  return (cursor, repetition) => {
    for (let i = 0; i < fields.length; i++) {
      const rejection = (fields[i] as AvroValueReader)(cursor, repetition);
      if (rejection || cursor.failed) return rejectAt(names[i] as string, rejection ?? malformed);
    }
    for (const append of absents) append(repetition);
    return undefined;
  };
}

function fieldReader(
  { name, type }: AvroField,
  reader: AvroRecord,
  columns: readonly ColumnNode[],
  path: string,
): AvroValueReader {
  const column = columns.find((candidate) => candidate.column.name === name);
  const known = reader.fields.find((field) => field.name === name);
  if (column && known) return valueReader(type, known.type, column, path);
  const skip = avroSkipper(type);
  return (cursor) => {
    skip(cursor);
    return undefined;
  };
}

/** What a column appends that the writer does not have. */
function absentAppender(column: ColumnNode, reader: AvroRecord, path: string): (repetition: number) => void {
  const fallback = reader.fields.find((field) => field.name === column.column.name)?.fallback;
  if (fallback === undefined && !column.column.nullable) {
    throw new TypeError(
      `Cannot read "${path}" into column "${column.column.name}": the writer has no such field, and a column that may not be null needs a default`,
    );
  }
  const append = valueAppender(column);
  return (repetition) => void append(fallback, repetition);
}

function valueReader(writer: AvroType, reader: AvroType, column: ColumnNode, path: string): AvroValueReader {
  if (writer.kind === 'optional') return optionalReader(writer, reader, column, path);
  const read = presentReader(writer, reader, column, path);
  const entries = presence(column);
  if (!entries) return read;
  return (cursor, repetition) => {
    entries.present(repetition);
    return read(cursor, repetition);
  };
}

/** Where is noted that a value of the column is there; lists and maps note their items. */
function presence({ kind, entries }: ColumnNode): Levels | undefined {
  return kind === 'leaf' || kind === 'struct' ? entries : undefined;
}

/** Reads a value that is there. */
function presentReader(
  writer: Exclude<AvroType, AvroOptional>,
  reader: AvroType,
  column: ColumnNode,
  path: string,
): AvroValueReader {
  const known = reader.kind === 'optional' ? reader.type : reader;
  switch (writer.kind) {
    case 'record':
      if (known.kind !== 'record' || column.kind !== 'struct') break;
      return recordReader(writer, known, column.children, path);
    case 'array':
      if (known.kind !== 'array' || column.kind !== 'list') break;
      return listReader(writer, known, column, path);
    case 'map':
      if (known.kind !== 'map' || column.kind !== 'map') break;
      return mapReader(writer, known, column, path);
    case 'enum': {
      if (known.kind !== 'enum' || column.kind !== 'leaf') break;
      const read = avroEnumReader(writer, known, column);
      if (read) return read;
      break;
    }
    case 'leaf': {
      const read = column.kind === 'leaf' ? avroLeafReader(writer, column) : undefined;
      if (read) return read;
    }
  }
  throw new TypeError(
    `Cannot read "${path}" into a column of kind "${column.column.type.kind}": a field of kind ${writer.kind === 'leaf' ? writer.wire : writer.kind} does not fit, only its own column type or a wider number does`,
  );
}

function optionalReader(writer: AvroOptional, reader: AvroType, column: ColumnNode, path: string): AvroValueReader {
  const read = presentReader(writer.type, reader, column, path);
  const entries = presence(column);
  const { nullBranch } = writer;
  const { nullable } = column.column;
  const parentDefinition = column.definition - 1;
  return (cursor, repetition) => {
    const branch = cursor.int();
    if (branch === 1 - nullBranch) {
      entries?.present(repetition);
      return read(cursor, repetition);
    }
    if (branch !== nullBranch || cursor.failed) return malformed;
    if (!nullable) return missing;
    appendAbsent(column, parentDefinition, repetition);
    return undefined;
  };
}

function listReader(writer: AvroArray, reader: AvroArray, column: ListNode, path: string): AvroValueReader {
  return blockReader(column, valueReader(writer.items, reader.items, column.element, path));
}

function mapReader(writer: AvroMap, reader: AvroMap, column: MapNode, path: string): AvroValueReader {
  const readValue = valueReader(writer.values, reader.values, column.value, path);
  // Of the map that is being read; maps inside it have readers of their own.
  let keys: string[] = [];
  const readKey = keyReader(column.key, (key) => keys.push(key));
  const readEntries = blockReader(column, (cursor, repetition) => {
    return readKey(cursor) ?? readValue(cursor, repetition);
  });
  return (cursor, repetition) => {
    keys = [];
    const rejection = readEntries(cursor, repetition);
    if (rejection || keys.length < 2) return rejection;
    return new Set(keys).size < keys.length ? keyAgain : undefined;
  };
}

/** @param seen gets each key, as text that tells keys apart */
function keyReader(column: ColumnNode, seen: (key: string) => void): AvroLeafReader {
  if (column.kind !== 'leaf' || !(column.values instanceof BytesValues)) throw new TypeError('Keys of maps are text');
  const { values } = column;
  return (cursor) => {
    const length = cursor.length();
    const { at } = cursor;
    cursor.skip(length);
    if (!values.pushBytes(cursor.bytes, at, at + length)) return values.refusal;
    seen(Buffer.from(cursor.bytes.buffer, cursor.bytes.byteOffset + at, length).toString('latin1'));
    return undefined;
  };
}

/** Arrays and maps alike: blocks of a count, perhaps its size in bytes, and so many items, until one of none. */
function blockReader(column: ListNode | MapNode, readItem: AvroValueReader): AvroValueReader {
  const inner = column.repetition + 1;
  const { entries } = column;
  return (cursor, repetition) => {
    let index = 0;
    for (let count = cursor.block(); count > 0; count = cursor.block()) {
      const { blockEnd } = cursor;
      for (let i = 0; i < count; i++, index++) {
        const level = index === 0 ? repetition : inner;
        entries?.present(level);
        const rejection = readItem(cursor, level);
        if (rejection || cursor.failed) return rejectAt(`[${index}]`, rejection ?? malformed);
      }
      if (blockEnd >= 0 && cursor.at !== blockEnd) return malformed;
    }
    if (index === 0) appendAbsent(column, column.definition, repetition);
    return undefined;
  };
}
