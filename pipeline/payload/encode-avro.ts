/** JSON payloads become Avro records. */
import { avroColumns } from '../avro/avro-columns.ts';
import type { AvroRecord } from '../avro/avro-type.ts';
import { compileAvroWriter } from '../avro/avro-writer.ts';
import { plainAvroValue } from '../avro/plain-avro-value.ts';
import type { JsonObjectValue } from '../json/exact-json.ts';
import type { JsonEncoder } from '../protobuf/encode-json.ts';
import { payloadCheck } from './payload-check.ts';
import { payloadIssue } from './payload-issue.ts';

/**
 * The encoder of records, from JSON as people write it: a union is its value or null, bytes are base64, times RFC 3339,
 * dates `2026-11-20`, longs numbers up to 2^53 or text, decimals numbers of up to 15 digits or text. A field that is
 * absent is its default, or null where it may be; an unknown one is refused.
 */
export function compileAvroEncoder(record: AvroRecord): JsonEncoder {
  const names = record.fields.map(({ name }) => name);
  const plain = plainAvroValue(record);
  const write = compileAvroWriter(record);
  const check = payloadCheck(avroColumns(record));
  return (payload) => {
    const { value, issues } = plain(payload);
    if (issues.length > 0) return { issues };
    const rejection = check.values(names.map((name) => (value as JsonObjectValue)[name]));
    return rejection ? { issues: [payloadIssue(rejection)] } : { bytes: write(value) };
  };
}
