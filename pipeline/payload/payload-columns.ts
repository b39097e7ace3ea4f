/** Columns of a table from a payload's schema, whatever its format. */
import { avroColumns } from '../avro/avro-columns.ts';
import { parseAvroSchema } from '../avro/parse-avro-schema.ts';
import type { Column } from '../contract/column.ts';
import type { SchemaVersion } from '../contract/compiled-contract.ts';
import { messageColumns } from '../contract/message-columns.ts';
import { jsonSchemaColumns } from '../json/json-columns.ts';
import { parseJsonSchema } from '../json/parse-json-schema.ts';

export function payloadColumns(version: SchemaVersion): Column[] {
  switch (version.format) {
    case 'protobuf':
      return messageColumns(version.message);
    case 'avro':
      return avroColumns(parseAvroSchema(version.definition));
    case 'json':
      return jsonSchemaColumns(parseJsonSchema(version.definition));
  }
}
