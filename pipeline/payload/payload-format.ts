/** The formats of payloads: an event has one, which the extension of its version files tells. */
import type { SchemaVersion } from '../contract/compiled-contract.ts';

export interface PayloadFormat {
  /** Of the version files, without the dot. */
  readonly extension: string;
  readonly contentType: string;
  /** What the registry calls it. */
  readonly glueDataFormat: string;
  /** What a time is called in its schemas. */
  readonly timeType: string;
}

export const PAYLOAD_FORMATS: Readonly<Record<SchemaVersion['format'], PayloadFormat>> = {
  protobuf: {
    extension: 'proto',
    contentType: 'application/protobuf',
    glueDataFormat: 'PROTOBUF',
    timeType: 'google.protobuf.Timestamp',
  },
  avro: {
    extension: 'avsc',
    contentType: 'application/avro',
    glueDataFormat: 'AVRO',
    timeType: 'timestamp-millis or timestamp-micros',
  },
  json: { extension: 'json', contentType: 'application/json', glueDataFormat: 'JSON', timeType: 'date-time' },
};
