/** Kafka records become rows of a Parquet file, or dead letters. */
import { isUtf8 } from 'node:buffer';
import type { CompiledContract } from '../contract/compiled-contract.ts';
import { newestVersion, SYSTEM_COLUMNS, tableColumns } from '../contract/table-columns.ts';
import { unframe } from '../framing.ts';
import { ParquetWriter } from '../parquet/parquet-writer.ts';
import type { Rejection } from '../parquet/rejection.ts';
import type { KafkaRecord } from '../ports.ts';
import { parseTimestamp } from '../protobuf/encode-timestamp.ts';
import { compileProtobufReader, type ProtobufReader } from '../protobuf/protobuf-reader.ts';
import type { DeadLetter, DeadLetterCode } from './dead-letter.ts';

export interface RowEncoder {
  /** The records' rows as one file, undefined when there is none, and a dead letter for each of the other records. */
  encode(records: readonly KafkaRecord[]): { readonly file: EncodedFile | undefined; readonly letters: DeadLetter[] };
}

export interface EncodedFile {
  readonly bytes: Uint8Array;
  readonly rows: number;
  /** Of the column `_time`, ISO 8601. */
  readonly eventTime: { readonly min: string; readonly max: string };
}

interface VersionReader {
  readonly version: number;
  readonly read: ProtobufReader;
}

type Refusal = { readonly code: DeadLetterCode; readonly reason: string };

/**
 * Rows of all schema versions go into one file, projected on the newest one, in the order of the records. The same
 * records give the same bytes. Memory: the encoded row group, and nothing for each record.
 * @param schemaVersionIds the registry's ids of the contract's versions, oldest first.
 * @throws Error when there is not one id for each version.
 */
export function rowEncoder(contract: CompiledContract, schemaVersionIds: readonly string[]): RowEncoder {
  if (schemaVersionIds.length !== contract.versions.length) {
    const counts = `${schemaVersionIds.length} schema version ids for ${contract.versions.length} versions`;
    throw new Error(`Cannot read records of "${contract.event}": there are ${counts}, one for each is needed`);
  }
  let encode = fileEncoder(contract, schemaVersionIds);
  return {
    encode(records) {
      try {
        return encode(records);
      } catch (error) {
        // The writer may hold rows of this batch, which would come again in the next file.
        encode = fileEncoder(contract, schemaVersionIds);
        throw error;
      }
    },
  };
}

/** Encodes one file after the other with one writer and its readers; worthless after an exception. */
function fileEncoder(contract: CompiledContract, schemaVersionIds: readonly string[]): RowEncoder['encode'] {
  const writer = new ParquetWriter(tableColumns(contract));
  const payloadColumns = writer.columns.slice(SYSTEM_COLUMNS.length);
  const readers = new Map<string, VersionReader>();
  for (const { version, message } of contract.versions) {
    const read = compileProtobufReader(message, payloadColumns);
    readers.set((schemaVersionIds[version - 1] ?? '').toLowerCase(), { version, read });
  }
  const newest = newestVersion(contract).version;
  const newestReader = readers.get((schemaVersionIds[newest - 1] ?? '').toLowerCase()) as VersionReader;

  return (records) => {
    const letters: DeadLetter[] = [];
    let min: number | bigint = Number.POSITIVE_INFINITY;
    let max: number | bigint = Number.NEGATIVE_INFINITY;
    for (const record of records) {
      const row = appendRow(record);
      if ('code' in row) {
        letters.push({ record, ...row });
      } else {
        min = row.timeMicros < min ? row.timeMicros : min;
        max = row.timeMicros > max ? row.timeMicros : max;
      }
    }
    const rows = writer.rowCount;
    const bytes = writer.finish({ 'headrace.event': contract.event, 'headrace.schema_version': String(newest) });
    const file = rows > 0 ? { bytes, rows, eventTime: { min: isoTime(min), max: isoTime(max) } } : undefined;
    return { file, letters };
  };

  function appendRow(record: KafkaRecord): Refusal | { readonly timeMicros: number | bigint } {
    const payload = findReader(record, readers, newestReader);
    if ('code' in payload) {
      return payload;
    }
    const attributes = readAttributes(record, contract.event);
    if ('code' in attributes) {
      return attributes;
    }
    const { id, source, timeMicros, customAttributes } = attributes;
    const ingestedMicros = record.timestamp * 1000;
    const { version, read } = payload.reader;
    const rejection = writer.appendValues(
      [record.partition, record.offset, id, source, timeMicros, ingestedMicros, version, customAttributes],
      () => read(payload.bytes),
    );
    return rejection ? refuse(rejection) : { timeMicros };
  }
}

function refuse({ path, reason }: Rejection): Refusal {
  const isSystemColumn = SYSTEM_COLUMNS.some(({ name }) => name === path);
  const code = isSystemColumn ? 'INVALID_ATTRIBUTE' : 'INVALID_PAYLOAD';
  return { code, reason: path === '' ? reason : `${path}: ${reason}` };
}

/** ISO 8601 with microseconds; `Date` holds milliseconds only. */
function isoTime(micros: number | bigint): string {
  const sinceEpoch = BigInt(micros);
  const rest = ((sinceEpoch % 1000n) + 1000n) % 1000n;
  const millis = new Date(Number((sinceEpoch - rest) / 1000n)).toISOString();
  return millis.replace('Z', `${String(rest).padStart(3, '0')}Z`);
}

type Payload = { readonly reader: VersionReader; readonly bytes: Uint8Array };

function findReader(
  { value }: KafkaRecord,
  readers: ReadonlyMap<string, VersionReader>,
  newest: VersionReader,
): Payload | Refusal {
  if (value === null) {
    return { code: 'NULL_VALUE', reason: 'the record has no value; an event needs a payload' };
  }
  const framed = unframe(value);
  if ('reason' in framed) {
    return { code: 'UNKNOWN_FRAMING', reason: framed.reason };
  }
  // Confluent's ids are of another registry; BACKWARD compatibility lets the newest version read them all.
  const reader = framed.registry === 'glue' ? readers.get(framed.schemaVersionId) : newest;
  if (!reader) {
    return { code: 'UNKNOWN_SCHEMA_VERSION', reason: 'the schema version id is none of the contract’s versions' };
  }
  return { reader, bytes: framed.payload };
}

const ATTRIBUTE_HEADERS = ['ce_id', 'ce_source', 'ce_type', 'ce_time', 'ce_customattributes'] as const;

const NO_BYTES = new Uint8Array();

interface Attributes {
  readonly id: string;
  readonly source: string | null;
  readonly timeMicros: number | bigint;
  readonly customAttributes: string | null;
}

/** CloudEvents attributes from Kafka headers. Records of producers that send none get an id from their place. */
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
