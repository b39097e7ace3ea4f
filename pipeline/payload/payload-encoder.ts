/** JSON payloads into what Kafka stores, whatever the format. */
import { parseAvroSchema } from '../avro/parse-avro-schema.ts';
import type { SchemaVersion } from '../contract/compiled-contract.ts';
import type { ValueLimits } from '../contract/value-limits.ts';
import { parseJsonSchema } from '../json/parse-json-schema.ts';
import { compileJsonEncoder, type JsonEncoder } from '../protobuf/encode-json.ts';
import { compileAvroEncoder } from './encode-avro.ts';
import { compileJsonTextEncoder } from './encode-json-text.ts';
import { payloadCheck } from './payload-check.ts';
import { payloadColumns } from './payload-columns.ts';
import { payloadIssue } from './payload-issue.ts';
import { compilePayloadReader } from './payload-reader.ts';

/**
 * The encoder of payloads of the version; what it takes, the version's reader takes.
 * @param limits of the event's warehouse, which cost a reading of what was encoded. @default what the types allow
 */
export function compilePayloadEncoder(version: SchemaVersion, limits?: ValueLimits): JsonEncoder {
  const encode = compileEncoder(version);
  return limits ? limited(encode, version, limits) : encode;
}

/** By the sink's own reader: what it would refuse, the ingest refuses. */
function limited(encode: JsonEncoder, version: SchemaVersion, limits: ValueLimits): JsonEncoder {
  const check = payloadCheck(payloadColumns(version), limits);
  const read = compilePayloadReader(version, version, check.columns);
  return (payload) => {
    const encoded = encode(payload);
    const rejection = 'bytes' in encoded ? check.run(() => read(encoded.bytes)) : undefined;
    return rejection ? { issues: [payloadIssue(rejection)] } : encoded;
  };
}

function compileEncoder(version: SchemaVersion): JsonEncoder {
  switch (version.format) {
    case 'protobuf':
      return compileJsonEncoder(version.message);
    case 'avro':
      return compileAvroEncoder(parseAvroSchema(version.definition));
    case 'json':
      return compileJsonTextEncoder(parseJsonSchema(version.definition));
  }
}
