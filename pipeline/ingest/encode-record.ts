/** A CloudEvent becomes a Kafka record: payload in the event's format behind the registry's framing, attributes in headers. */
import type { CompiledContract, SchemaVersion } from '../contract/compiled-contract.ts';
import { SYSTEM_COLUMNS } from '../contract/table-columns.ts';
import { valueLimits } from '../contract/value-limits.ts';
import { glueHeader } from '../framing.ts';
import type { Rejection } from '../parquet/rejection.ts';
import { payloadCheck } from '../payload/payload-check.ts';
import { compilePayloadEncoder } from '../payload/payload-encoder.ts';
import { PAYLOAD_FORMATS } from '../payload/payload-format.ts';
import { repeatedIssue } from '../payload/payload-issue.ts';
import type { CatalogEntry } from '../ports.ts';
import type { JsonEncoder, PayloadIssue } from '../protobuf/encode-json.ts';
import type { CloudEvent } from './cloud-events.ts';
import { RECORD_BYTES_MAX } from './limits.ts';
import { type Problem, problem } from './problem.ts';

/** A catalog entry, made ready for encoding. */
export interface RecordEncoder {
  readonly entry: CatalogEntry;
  readonly encodePayload: JsonEncoder;
  /** Why the event's warehouse would not hold the custom attributes. */
  readonly checkCustomAttributes: (text: string) => Rejection | undefined;
  readonly header: Uint8Array;
  readonly contentType: string;
  /** The JSON names of the field that is the key, and of the one that is the event's time; none where there is none. */
  readonly keyNames: readonly string[];
  readonly timeNames: readonly string[];
}

export interface EncodedRecord {
  readonly topic: CompiledContract['topic'];
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly timestamp: number;
}

const encoders = new WeakMap<CatalogEntry, RecordEncoder>();

/** Compiled once for each catalog entry: payloads are validated against the newest schema version. */
export function recordEncoder(entry: CatalogEntry): RecordEncoder {
  const known = encoders.get(entry);
  if (known) {
    return known;
  }
  const { contract, schemaVersionIds } = entry;
  const newest = contract.versions.at(-1) as SchemaVersion;
  const limits = valueLimits(contract.warehouse.target);
  const customAttributes = payloadCheck(
    SYSTEM_COLUMNS.filter(({ name }) => name === '_custom_attributes'),
    limits,
  );
  const encoder: RecordEncoder = {
    entry,
    encodePayload: compilePayloadEncoder(newest, limits),
    checkCustomAttributes: (text) => (limits ? customAttributes.values([text]) : undefined),
    header: glueHeader(schemaVersionIds[newest.version - 1] ?? ''),
    contentType: PAYLOAD_FORMATS[newest.format].contentType,
    keyNames: jsonNames(newest, contract.keyField),
    timeNames: jsonNames(newest, contract.eventTimeField),
  };
  encoders.set(entry, encoder);
  return encoder;
}

/** Only Protobuf has two names for a field. */
function jsonNames(newest: SchemaVersion, fieldName: string | null): string[] {
  const fields = newest.format === 'protobuf' ? newest.message.fields : [];
  const field = fields.find(({ name }) => name === fieldName);
  return fieldName === null ? [] : [fieldName, ...(field ? [field.jsonName] : [])];
}

/**
 * The contract's event-time field wins over the CloudEvents `time`: the schema checked it.
 * @param now milliseconds since the epoch: the record's Kafka timestamp, and its time when the event tells none.
 */
export function encodeRecord(
  encoder: RecordEncoder,
  event: CloudEvent,
  now: number,
): EncodedRecord | { readonly problem: Problem } {
  const refused =
    event.customAttributes === undefined ? undefined : encoder.checkCustomAttributes(event.customAttributes);
  if (refused) {
    return { problem: invalidAttributes(refused) };
  }
  if (event.repeatedField !== undefined) {
    return { problem: invalidPayload([repeatedIssue(event.repeatedField)]) };
  }
  const payload = encoder.encodePayload(event.data);
  if ('issues' in payload) {
    return { problem: invalidPayload(payload.issues) };
  }
  const data = event.data as Record<string, unknown>;
  const keyValue = fieldValue(data, encoder.keyNames);
  // The value as text, so that 7 and "7" share a partition.
  const key = keyValue === undefined ? null : Buffer.from(String(keyValue));
  const value = Buffer.concat([encoder.header, payload.bytes]);
  const bytes = value.length + (key?.length ?? 0);
  if (bytes > RECORD_BYTES_MAX) {
    const detail = `Key and payload have ${bytes} bytes, at most ${RECORD_BYTES_MAX} are allowed.`;
    return { problem: problem('record-too-large', detail) };
  }
  const time = fieldValue(data, encoder.timeNames) ?? event.time ?? new Date(now).toISOString();
  return {
    topic: encoder.entry.contract.topic,
    key,
    value,
    headers: cloudEventHeaders(event, String(time), encoder.contentType),
    timestamp: now,
  };
}

function invalidAttributes({ reason }: Rejection): Problem {
  const error = { code: 'INVALID_ATTRIBUTE', path: 'customattributes', detail: `is refused: ${reason}` };
  return problem('invalid-event', `${error.path} ${error.detail}.`, [error]);
}

function invalidPayload(issues: readonly PayloadIssue[]): Problem {
  const errors = issues.map(({ code, path, reason }) => ({
    code,
    path: path === '' ? 'data' : `data.${path}`,
    detail: reason,
  }));
  return problem('invalid-payload', `${errors[0]?.path} ${errors[0]?.detail}.`, errors);
}

const fieldValue = (data: Record<string, unknown>, names: readonly string[]): unknown =>
  names.map((name) => data[name]).find((value) => (value ?? null) !== null);

/** The Kafka protocol binding of CloudEvents, binary content mode. */
function cloudEventHeaders(event: CloudEvent, time: string, contentType: string): Record<string, string> {
  return {
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_type: event.type,
    ce_source: event.source,
    ce_time: time,
    'content-type': contentType,
    ...Object.fromEntries(Object.entries(event.carried).map(([name, value]) => [`ce_${name}`, value])),
    ...(event.customAttributes === undefined ? {} : { ce_customattributes: event.customAttributes }),
  };
}
