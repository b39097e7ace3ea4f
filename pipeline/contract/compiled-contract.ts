/** A compiled contract: everything the functions of one event need to know, as one JSON file made at synth time. */
import type { MessageType } from './message.ts';

export const COMPILED_CONTRACT_FORMAT = 1;

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
  /** How old a record may grow before it is in the lake, in seconds; half of it is the sink's batching window. */
  readonly freshnessSeconds: number;
  readonly warehouse: { readonly target: 'duckdb'; readonly table: string };
  /** Every released version of the payload's schema, oldest first, numbered from 1 without gaps. */
  readonly versions: readonly SchemaVersion[];
}

export interface SchemaVersion {
  readonly version: number;
  /** The .proto file as written: what the schema registry stores. */
  readonly definition: string;
  readonly message: MessageType;
}
