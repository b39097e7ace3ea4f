/** JSON text into columns, checked against its schema on the way: one parse, and no other object. */
import { isUtf8 } from 'node:buffer';
import { parseJsonText } from '../json-text.ts';
import { appendAbsent, type ColumnNode, type ListNode, type MapNode } from '../parquet/column-tree.ts';
import { type Rejection, reject, rejectAt } from '../parquet/rejection.ts';
import { type ExactJson, exactJson, isJsonObject } from './exact-json.ts';
import { jsonLeafAppender } from './json-leaf-appender.ts';
import type { JsonArray, JsonMap, JsonObject, JsonType } from './json-type.ts';
import { repeatedField } from './repeated-names.ts';

/** Appends one row from the text of a JSON object, or says why it was refused. Never throws. */
export type JsonReader = (bytes: Uint8Array) => Rejection | undefined;

/** Appends a value of the parsed JSON; undefined stands for an absent property. */
type JsonAppender = (value: unknown, repetition: number) => Rejection | undefined;

/**
 * Compiles the reader that appends one row of `columns` from JSON text of `schema`. Columns are found by name, and one
 * that the schema does not have gets null, so that rows of an older version land in the columns of a newer one. All
 * rules of the schema are checked, and a property that it does not name is refused, as its value would be lost; one
 * without a column is not looked at.
 *
 * After a refusal the columns hold part of a row, which `ParquetWriter.appendValues` takes back.
 *
 * @throws TypeError where a property's type does not fit its column
 */
export function compileJsonReader(schema: JsonObject, columns: readonly ColumnNode[]): JsonReader {
  const append = compileJsonAppender(schema, columns);
  return (bytes) => {
    let json: ExactJson;
    try {
      if (!isUtf8(bytes)) return notJson;
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
      json = exactJson(bytes, text, parseJsonText(text));
    } catch {
      return notJson;
    }
    const [repeated] = json.repeated;
    return repeated ? rejectAt(repeatedField(repeated), nameAgain) : append(json.value);
  };
}

/** The same from a parsed object, in which a number beyond 2^53 that is no `LongNumber` has lost digits, and is refused. */
export function compileJsonAppender(
  schema: JsonObject,
  columns: readonly ColumnNode[],
): (value: unknown) => Rejection | undefined {
  const append = objectAppender(schema, columns, '');
  return (value) => append(value, 0);
}

const notJson = reject('wire', 'JSON text in UTF-8 is required');
const nameAgain = reject('wire', 'a property that comes once is required, here and within');
const missing = reject('missing', 'a value is required');
const notNull = reject('type', 'null is not allowed');
const notObject = reject('type', 'an object is required');
const notArray = reject('type', 'an array is required');
/** Of the first object that has one. */
export const unknownProperty = reject('type', 'a property that the schema does not have is not allowed');

function objectAppender({ properties }: JsonObject, columns: readonly ColumnNode[], path: string): JsonAppender {
  const names = properties.map(({ name }) => name);
  const inherited = names.map((name) => name in Object.prototype);
  const appenders = properties.map(({ name, type, required }): JsonAppender => {
    const column = columns.find((candidate) => candidate.column.name === name);
    if (!column) return () => undefined;
    return propertyAppender(type, required, column, path === '' ? name : `${path}.${name}`);
  });
  const absents = columns.filter(({ column }) => !names.includes(column.name));
  for (const { column } of absents) checkNullable(column.name, column.nullable, path);
  return (value, repetition) => {
    if (!isJsonObject(value)) return notObject;
    let known = 0;
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const item = inherited[i] && !Object.hasOwn(value, name) ? undefined : value[name];
      if (item !== undefined) known++;
      const rejection = (appenders[i] as JsonAppender)(item, repetition);
      if (rejection) return rejectAt(name, rejection);
    }
    if (Object.keys(value).length > known) return unknownProperty;
    for (const column of absents) appendAbsent(column, column.definition - 1, repetition);
    return undefined;
  };
}

function checkNullable(name: string, nullable: boolean, path: string): void {
  if (nullable) return;
  throw new TypeError(
    `Cannot read "${path}" into column "${name}": the schema has no such property, and the column may not be null`,
  );
}

function propertyAppender(type: JsonType, required: boolean, column: ColumnNode, path: string): JsonAppender {
  const append = valueAppender(type, column, path);
  if (required) return (value, repetition) => (value === undefined ? missing : append(value, repetition));
  if (!column.column.nullable) throw misfit(type, column, path);
  const parentDefinition = column.definition - 1;
  return (value, repetition) => {
    if (value !== undefined) return append(value, repetition);
    appendAbsent(column, parentDefinition, repetition);
    return undefined;
  };
}

function valueAppender(type: JsonType, column: ColumnNode, path: string): JsonAppender {
  const append = presentAppender(type, column, path);
  const { nullable } = type;
  if (nullable && !column.column.nullable) throw misfit(type, column, path);
  const parentDefinition = column.definition - 1;
  return (value, repetition) => {
    if (value !== null) return append(value, repetition);
    if (!nullable) return notNull;
    appendAbsent(column, parentDefinition, repetition);
    return undefined;
  };
}

function presentAppender(type: JsonType, column: ColumnNode, path: string): JsonAppender {
  if (type.kind === 'array' && column.kind === 'list') return listAppender(type, column, path);
  if (type.kind === 'map' && column.kind === 'map') return mapAppender(type, column, path);
  const { entries } = column;
  if (type.kind === 'object' && column.kind === 'struct') {
    const append = objectAppender(type, column.children, path);
    if (!entries) return append;
    return (value, repetition) => {
      entries.present(repetition);
      return append(value, repetition);
    };
  }
  const push = type.kind === 'leaf' && column.kind === 'leaf' ? jsonLeafAppender(type, column) : undefined;
  if (!push) throw misfit(type, column, path);
  return (value, repetition) => {
    entries?.present(repetition);
    return push(value);
  };
}

function listAppender({ items }: JsonArray, column: ListNode, path: string): JsonAppender {
  const append = valueAppender(items, column.element, `${path}[]`);
  const { entries } = column;
  const inner = column.repetition + 1;
  return (value, repetition) => {
    if (!Array.isArray(value)) return notArray;
    if (value.length === 0) appendAbsent(column, column.definition, repetition);
    for (let i = 0; i < value.length; i++) {
      const level = i === 0 ? repetition : inner;
      entries?.present(level);
      const rejection = append(value[i], level);
      if (rejection) return rejectAt(`[${i}]`, rejection);
    }
    return undefined;
  };
}

/** Refusals name an entry by its place, as keys may be personal data. */
function mapAppender({ values }: JsonMap, column: MapNode, path: string): JsonAppender {
  const text: JsonType = {
    kind: 'leaf',
    nullable: false,
    column: { kind: 'string' },
    values: undefined,
    minimum: undefined,
    maximum: undefined,
  };
  const appendKey = valueAppender(text, column.key, `${path}{}`);
  const appendValue = valueAppender(values, column.value, `${path}{}`);
  const { entries: notes } = column;
  const inner = column.repetition + 1;
  return (value, repetition) => {
    if (!isJsonObject(value)) return notObject;
    const entries = Object.entries(value);
    if (entries.length === 0) appendAbsent(column, column.definition, repetition);
    for (const [i, [key, item]] of entries.entries()) {
      const level = i === 0 ? repetition : inner;
      notes?.present(level);
      const rejection = appendKey(key, level) ?? appendValue(item, level);
      if (rejection) return rejectAt(`[${i}]`, rejection);
    }
    return undefined;
  };
}

function misfit(type: JsonType, column: ColumnNode, path: string): TypeError {
  const kind = type.kind === 'leaf' ? type.column.kind : type.kind;
  return new TypeError(
    `Cannot read "${path}" into a column of kind "${column.column.type.kind}": a property of kind ${kind} does not fit, only its own column type or a wider number does`,
  );
}
