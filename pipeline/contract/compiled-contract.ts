/** A compiled contract: everything the functions of one event need to know, as one JSON file made at synth time. */
import type { MessageType } from './message.ts';

export const COMPILED_CONTRACT_FORMAT = 2;

export interface CompiledContract {
  /** The layout of this file; a reader refuses a number it does not know. */
  readonly format: typeof COMPILED_CONTRACT_FORMAT;
  /** The event's name: its folder in `schemas/`, its topic, its CloudEvents `type`. */
  readonly event: string;
  readonly description: string;
  readonly owner: string;
  readonly compatibility: 'BACKWARD';
  /** The payload field whose value is the Kafka key; null spreads records over the partitions. */
  readonly keyField: string | null;
  /** The payload field that says when the event happened; null takes the CloudEvents `time`. */
  readonly eventTimeField: string | null;
  readonly topic: {
    readonly name: string;
    readonly partitions: number;
    readonly retentionHours: number;
  };
  /** How old a record may grow before it is in the lake, in seconds; it chooses the sink's trigger. */
  readonly freshnessSeconds: number;
  /** Pollers of its own for the trigger `stream`; absent leaves them to Lambda, which are slower to grow and free. */
  readonly sink?: { readonly pollersMax: number };
  readonly lake: {
    /** Columns of the newest version, or `year`, `month`, `day`, `hour` of `_time` in UTC; empty puts all files in one folder. */
    readonly partitionBy: readonly string[];
    /** Folders that one commit may write to; the rows of further ones go to one file in a folder of their own. */
    readonly openPartitionsMax: number;
  };
  readonly warehouse: { readonly target: WarehouseTarget; readonly table: string };
  /** Every released version of the payload's schema, oldest first, numbered from 1 without gaps. */
  readonly versions: readonly SchemaVersion[];
}

export type WarehouseTarget = 'duckdb' | 'redshift' | 'snowflake' | 'athena';

export type SchemaVersion = ProtobufVersion | AvroVersion | JsonVersion;

interface Version {
  readonly version: number;
  /** The file as written: what the schema registry stores, and of Avro and JSON all that there is. */
  readonly definition: string;
}

export interface ProtobufVersion extends Version {
  readonly format: 'protobuf';
  readonly message: MessageType;
}

export interface AvroVersion extends Version {
  readonly format: 'avro';
}

export interface JsonVersion extends Version {
  readonly format: 'json';
}
