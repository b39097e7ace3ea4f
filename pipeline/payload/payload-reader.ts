/** Payload bytes into columns, whatever the format. */
import { compileAvroReader } from '../avro/avro-reader.ts';
import { parseAvroSchema } from '../avro/parse-avro-schema.ts';
import type { SchemaVersion } from '../contract/compiled-contract.ts';
import { compileJsonReader } from '../json/json-reader.ts';
import { parseJsonSchema } from '../json/parse-json-schema.ts';
import type { ColumnNode } from '../parquet/column-tree.ts';
import type { Rejection } from '../parquet/rejection.ts';
import { compileProtobufReader } from '../protobuf/protobuf-reader.ts';

/** Appends one row from a payload's bytes, or says why they were refused. Never throws. */
export type PayloadReader = (bytes: Uint8Array) => Rejection | undefined;

/**
 * Compiles the reader of payloads of `version` into columns of `newest`, or some of them.
 *
 * @throws TypeError where the two do not fit together, which contracts do
 */
export function compilePayloadReader(
  version: SchemaVersion,
  newest: SchemaVersion,
  columns: readonly ColumnNode[],
): PayloadReader {
  switch (version.format) {
    case 'protobuf':
      return compileProtobufReader(version.message, columns);
    case 'avro':
      return compileAvroReader(parseAvroSchema(version.definition), columns, parseAvroSchema(newest.definition));
    case 'json':
      return compileJsonReader(parseJsonSchema(version.definition), columns);
  }
}
