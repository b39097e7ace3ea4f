/** A CloudEvent becomes a Kafka record: payload in Protobuf behind the registry's framing, attributes in headers. */
import type { CompiledContract, SchemaVersion } from '../contract/compiled-contract.ts';
import { glueHeader } from '../framing.ts';
import type { CatalogEntry } from '../ports.ts';
import { compileJsonEncoder, type JsonEncoder, type PayloadIssue } from '../protobuf/encode-json.ts';
import type { CloudEvent } from './cloud-events.ts';
import { RECORD_BYTES_MAX } from './limits.ts';
import { type Problem, problem } from './problem.ts';

/** A catalog entry, made ready for encoding. */
export interface RecordEncoder {
  readonly entry: CatalogEntry;
  readonly encodePayload: JsonEncoder;
  readonly header: Uint8Array;
  /** The key field under its two JSON names; undefined when the event has no key. */
  readonly keyNames: readonly string[];
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
  const { version, message } = contract.versions.at(-1) as SchemaVersion;
  const keyField = message.fields.find(({ name }) => name === contract.keyField);
  const encoder: RecordEncoder = {
    entry,
    encodePayload: compileJsonEncoder(message),
    header: glueHeader(schemaVersionIds[version - 1] ?? ''),
    keyNames: keyField ? [keyField.name, keyField.jsonName] : [],
  };
  encoders.set(entry, encoder);
  return encoder;
}

/** @param now milliseconds since the epoch: the record's Kafka timestamp, and its time when the event has none. */
export function encodeRecord(
  encoder: RecordEncoder,
  event: CloudEvent,
  now: number,
): EncodedRecord | { readonly problem: Problem } {
  const payload = encoder.encodePayload(event.data);
  if ('issues' in payload) {
    return { problem: invalidPayload(payload.issues) };
  }
  const bytes = encoder.header.length + payload.bytes.length;
  if (bytes > RECORD_BYTES_MAX) {
    return {
      problem: problem('record-too-large', `The payload has ${bytes} bytes, at most ${RECORD_BYTES_MAX} are allowed.`),
    };
  }
  return {
    topic: encoder.entry.contract.topic,
    key: keyBytes(encoder, event.data as Record<string, unknown>),
    value: Buffer.concat([encoder.header, payload.bytes], bytes),
    headers: cloudEventHeaders(event, now),
    timestamp: now,
  };
}

function invalidPayload(issues: readonly PayloadIssue[]): Problem {
  const errors = issues.map(({ code, path, reason }) => ({
    code,
    path: path === '' ? 'data' : `data.${path}`,
    detail: reason,
  }));
  return problem('invalid-payload', `${errors[0]?.path} ${errors[0]?.detail}.`, errors);
}

/** The key is the field's value as text, so that 7 and "7" share a partition. */
function keyBytes({ keyNames }: RecordEncoder, data: Record<string, unknown>): Uint8Array | null {
  const name = keyNames.find((candidate) => (data[candidate] ?? null) !== null);
  return name === undefined ? null : Buffer.from(String(data[name]));
}

/** The Kafka protocol binding of CloudEvents, binary content mode. */
function cloudEventHeaders(event: CloudEvent, now: number): Record<string, string> {
  return {
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_type: event.type,
    ce_source: event.source,
    ce_time: event.time ?? new Date(now).toISOString(),
    'content-type': 'application/protobuf',
    ...(event.customAttributes === undefined ? {} : { ce_customattributes: event.customAttributes }),
  };
}
