/** JSON payloads into what Kafka stores, whatever the format. */
import { parseAvroSchema } from '../avro/parse-avro-schema.ts';
import type { SchemaVersion } from '../contract/compiled-contract.ts';
import { parseJsonSchema } from '../json/parse-json-schema.ts';
import { compileJsonEncoder, type JsonEncoder } from '../protobuf/encode-json.ts';
import { compileAvroEncoder } from './encode-avro.ts';
import { compileJsonTextEncoder } from './encode-json-text.ts';

/** The encoder of payloads of the version; what it takes, the version's reader takes. */
export function compilePayloadEncoder(version: SchemaVersion): JsonEncoder {
  switch (version.format) {
    case 'protobuf':
      return compileJsonEncoder(version.message);
    case 'avro':
      return compileAvroEncoder(parseAvroSchema(version.definition));
    case 'json':
      return compileJsonTextEncoder(parseJsonSchema(version.definition));
  }
}
