/** Kafka records as the rows they stand for: which schema version reads the payload, and the system columns' values. */
import { isUtf8 } from 'node:buffer';
import { crc32 } from 'node:zlib';
import type { CompiledContract, SchemaVersion } from '../contract/compiled-contract.ts';
import { newestVersion } from '../contract/table-columns.ts';
import { unframe } from '../framing.ts';
import type { KafkaRecord } from '../ports.ts';
import { parseTimestamp } from '../protobuf/encode-timestamp.ts';
import type { DeadLetterCode } from './dead-letter.ts';

/** Why a record cannot be a row. The reason holds no part of the payload. */
export interface Refusal {
  readonly code: DeadLetterCode;
  readonly reason: string;
}

/** What a record says before its payload is decoded. */
export interface ReadRecord {
  readonly schemaVersion: number;
  readonly payload: Uint8Array;
  readonly id: string;
  readonly source: string | null;
  /** Of the event, in microseconds since the epoch. */
  readonly timeMicros: number | bigint;
  readonly customAttributes: string | null;
}

export type RecordReader = (record: KafkaRecord) => ReadRecord | Refusal;

/**
 * Reads framing and CloudEvents attributes. Records of producers that send no attributes get an id from their place.
 * @param schemaVersionIds the registry's ids of the contract's versions, oldest first.
 * @throws Error when there is not one id for each version.
 */
export function recordReader(contract: CompiledContract, schemaVersionIds: readonly string[]): RecordReader {
  if (schemaVersionIds.length !== contract.versions.length) {
    const counts = `${schemaVersionIds.length} schema version ids for ${contract.versions.length} versions`;
    throw new Error(`Cannot read records of "${contract.event}": there are ${counts}, one for each is needed`);
  }
  const newest = newestVersion(contract);
  const versions = new Map(contract.versions.map(({ version }, index) => [idAt(schemaVersionIds, index), version]));
  return (record) => {
    const payload = findPayload(record, versions, newest);
    if ('code' in payload) {
      return payload;
    }
    const attributes = readAttributes(record, contract.event);
    return 'code' in attributes ? attributes : { ...payload, ...attributes };
  };
}

/** The CRC-32 of the record's whole value, as `_checksum` has it: a signed 32-bit number, 0 without a value. */
export const valueChecksum = ({ value }: KafkaRecord): number => (value === null ? 0 : crc32(value) | 0);

const idAt = (ids: readonly string[], index: number): string => (ids[index] ?? '').toLowerCase();

type Payload = Pick<ReadRecord, 'schemaVersion' | 'payload'>;

function findPayload(
  { value }: KafkaRecord,
  versions: ReadonlyMap<string, number>,
  newest: SchemaVersion,
): Payload | Refusal {
  if (value === null) {
    return { code: 'NULL_VALUE', reason: 'the record has no value; an event needs a payload' };
  }
  const framed = unframe(value, newest.format === 'protobuf');
  if ('reason' in framed) {
    return { code: 'UNKNOWN_FRAMING', reason: framed.reason };
  }
  // Confluent's ids are of another registry; BACKWARD compatibility lets the newest version read them all. Not of Avro,
  // whose bytes say nothing without the schema that wrote them.
  const foreign = newest.format === 'avro' ? undefined : newest.version;
  const schemaVersion = framed.registry === 'glue' ? versions.get(framed.schemaVersionId) : foreign;
  if (schemaVersion === undefined) {
    return { code: 'UNKNOWN_SCHEMA_VERSION', reason: 'the schema version id is none of the contract’s versions' };
  }
  return { schemaVersion, payload: framed.payload };
}

const ATTRIBUTE_HEADERS = ['ce_id', 'ce_source', 'ce_type', 'ce_time', 'ce_customattributes'] as const;

const NO_BYTES = new Uint8Array();

type Attributes = Omit<ReadRecord, keyof Payload>;

function readAttributes(record: KafkaRecord, event: string): Attributes | Refusal {
  const headers = new Map(record.headers);
  const garbled = ATTRIBUTE_HEADERS.find((name) => !isUtf8(headers.get(name) ?? NO_BYTES));
  if (garbled) {
    return { code: 'INVALID_ATTRIBUTE', reason: `the header ${garbled} is not UTF-8` };
  }
  const [id, source, type, time, customAttributes] = ATTRIBUTE_HEADERS.map((name) => text(headers.get(name)));
  if (type !== undefined && type !== event) {
    return { code: 'WRONG_EVENT_TYPE', reason: `the header ce_type is not ${event}` };
  }
  const timeMicros = time === undefined ? record.timestamp * 1000 : instantMicros(time);
  if (timeMicros === undefined) {
    return { code: 'INVALID_ATTRIBUTE', reason: 'the header ce_time is no time as in RFC 3339' };
  }
  const fallbackId = `${record.topic}-${record.partition}-${record.offset}`;
  return { id: id ?? fallbackId, source: source ?? null, timeMicros, customAttributes: customAttributes ?? null };
}

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');

/** Finer digits than a microsecond are cut: the attribute describes the event, the payload is the data. */
function instantMicros(time: string): number | bigint | undefined {
  const instant = parseTimestamp(time);
  if (!instant) {
    return undefined;
  }
  const micros = instant.seconds * 1_000_000 + Math.floor(instant.nanos / 1000);
  return Number.isSafeInteger(micros)
    ? micros
    : BigInt(instant.seconds) * 1_000_000n + BigInt(Math.floor(instant.nanos / 1000));
}
