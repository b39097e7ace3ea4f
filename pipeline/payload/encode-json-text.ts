/** JSON payloads of JSON events: the text itself, once its schema has accepted it. */
import { jsonSchemaColumns } from '../json/json-columns.ts';
import { compileJsonAppender } from '../json/json-reader.ts';
import type { JsonObject } from '../json/json-type.ts';
import type { JsonEncoder } from '../protobuf/encode-json.ts';
import { payloadCheck } from './payload-check.ts';
import { payloadIssue } from './payload-issue.ts';

/**
 * The encoder of payloads that the schema accepts. Integers beyond 2^53 must be a `LongNumber`, whose digits stay as they
 * are: numbers have lost some.
 */
export function compileJsonTextEncoder(schema: JsonObject): JsonEncoder {
  const check = payloadCheck(jsonSchemaColumns(schema));
  const append = compileJsonAppender(schema, check.columns);
  return (payload) => {
    const rejection = check.run(() => append(payload));
    return rejection ? { issues: [payloadIssue(rejection)] } : { bytes: Buffer.from(JSON.stringify(payload)) };
  };
}
