/** JSON payloads of JSON events: the text itself, once its schema has accepted it. */
import { jsonSchemaColumns } from '../json/json-columns.ts';
import { compileJsonAppender, unknownProperty } from '../json/json-reader.ts';
import type { JsonObject } from '../json/json-type.ts';
import { unknownProperties } from '../json/unknown-properties.ts';
import type { Rejection } from '../parquet/rejection.ts';
import type { JsonEncoder, PayloadIssue } from '../protobuf/encode-json.ts';
import { ISSUES_MAX, shortName } from '../protobuf/encoding.ts';
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
    return rejection
      ? { issues: issuesOf(schema, payload, rejection) }
      : { bytes: Buffer.from(JSON.stringify(payload)) };
  };
}

/** Every property that is not known, and the first mistake of another kind. */
function issuesOf(schema: JsonObject, payload: unknown, rejection: Rejection): PayloadIssue[] {
  const unknown: PayloadIssue[] = [];
  if (typeof payload === 'object' && payload !== null && !Array.isArray(payload)) {
    unknownProperties(schema, payload, (within, name) => {
      const path = within === '' ? shortName(name) : `${within}.${shortName(name)}`;
      unknown.push({ code: 'UNKNOWN_FIELD', path, reason: 'is not a property of the schema' });
    });
  }
  const isTold = unknown.length > 0 && rejection.reason === unknownProperty.reason;
  return (isTold ? unknown : [payloadIssue(rejection), ...unknown]).slice(0, ISSUES_MAX);
}
