/** A version file becomes a `SchemaVersion`, in the format that its extension tells. */
import { avroBreaks } from '../avro/avro-breaks.ts';
import { AvroSchemaError } from '../avro/avro-schema-error.ts';
import { parseAvroSchema } from '../avro/parse-avro-schema.ts';
import { jsonBreaks } from '../json/json-breaks.ts';
import { JsonSchemaError } from '../json/json-schema-error.ts';
import { parseJsonSchema } from '../json/parse-json-schema.ts';
import { columnTree } from '../parquet/column-tree.ts';
import { payloadColumns } from '../payload/payload-columns.ts';
import { PAYLOAD_FORMATS } from '../payload/payload-format.ts';
import type { Column } from './column.ts';
import { backwardBreaks, type SchemaBreak } from './compatibility.ts';
import { compileProto } from './compile-proto.ts';
import type { SchemaVersion } from './compiled-contract.ts';
import { ContractError } from './contract-error.ts';
import { jsonLine, syntaxErrorLine } from './json-line.ts';
import { declarationLine, protoDeclarations } from './proto-declarations.ts';
import { readText } from './read-text.ts';

export type Format = SchemaVersion['format'];

/** The format of version files with this extension, or undefined. */
export function formatOf(extension: string): Format | undefined {
  const formats = Object.keys(PAYLOAD_FORMATS) as Format[];
  return formats.find((format) => PAYLOAD_FORMATS[format].extension === extension);
}

/** @throws ContractError for a schema that no table can hold */
export function compileVersion(file: string, version: number, format: Format, event: string): SchemaVersion {
  const definition = readText(file);
  if (format === 'protobuf') {
    const compiled: SchemaVersion = { format, version, definition, message: compileProto(file, definition, event) };
    columnsOf(file, compiled);
    return compiled;
  }
  const compiled: SchemaVersion = { format, version, definition };
  checkNames(file, definition, columnsOf(file, compiled), '');
  return compiled;
}

/** @throws ContractError where records of `older` could not be read, whole, as `newer` */
export function checkCompatible(file: string, older: SchemaVersion, newer: SchemaVersion): void {
  const breaks = breaksOf(older, newer);
  const [first] = breaks;
  if (first) {
    const all = breaks.map(({ path, reason }) => `${path === '' ? 'the payload' : path} ${reason}`).join('; ');
    const reason = `not BACKWARD compatible with v${older.version}: ${all}`;
    throw new ContractError(file, lineOf(newer, first), reason);
  }
}

function columnsOf(file: string, version: SchemaVersion): Column[] {
  try {
    const columns = payloadColumns(version);
    columnTree(columns);
    return columns;
  } catch (error) {
    if (error instanceof AvroSchemaError || error instanceof JsonSchemaError) {
      throw new ContractError(file, schemaLine(version.definition, error.path), error.message);
    }
    if (error instanceof RangeError) {
      throw new ContractError(file, 0, error.message);
    }
    throw error;
  }
}

/** Where the schema has the mistake: text that is no JSON has one, and a path that names nothing means the whole. */
const schemaLine = (definition: string, path: string): number =>
  path === '' ? syntaxErrorLine(definition) : jsonLine(definition, path);

/** As of Protobuf: SQL does not tell `a` from `A`, and names that begin with _ are the pipeline's own. */
function checkNames(file: string, definition: string, columns: readonly Column[], path: string): void {
  const taken = new Map<string, string>();
  for (const { name, type } of columns) {
    const refuse = (reason: string) =>
      new ContractError(file, jsonLine(definition, path + name), `${path}${name}: ${reason}`);
    const other = taken.get(name.toLowerCase());
    if (other !== undefined) {
      throw refuse(`clashes with ${other}, names in SQL must differ in more than case`);
    }
    if (name.startsWith('_')) {
      throw refuse("names that begin with _ are the pipeline's own");
    }
    taken.set(name.toLowerCase(), name);
    checkNames(file, definition, fieldsBelow(type), `${path}${name}.`);
  }
}

/** The fields of a struct, also in a list or map. */
function fieldsBelow(type: Column['type']): readonly Column[] {
  switch (type.kind) {
    case 'struct':
      return type.fields;
    case 'list':
      return fieldsBelow(type.element.type);
    case 'map':
      return fieldsBelow(type.value.type);
    default:
      return [];
  }
}

function breaksOf(older: SchemaVersion, newer: SchemaVersion): SchemaBreak[] {
  if (older.format === 'protobuf' && newer.format === 'protobuf') {
    return backwardBreaks(older.message, newer.message);
  }
  return older.format === 'avro'
    ? avroBreaks(parseAvroSchema(older.definition), parseAvroSchema(newer.definition))
    : jsonBreaks(parseJsonSchema(older.definition), parseJsonSchema(newer.definition));
}

function lineOf({ format, definition }: SchemaVersion, { path, declaration }: SchemaBreak): number {
  if (format === 'protobuf') {
    return declarationLine(protoDeclarations(definition), declaration ?? '');
  }
  return jsonLine(definition, declaration ?? path);
}
