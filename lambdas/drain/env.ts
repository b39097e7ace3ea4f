/** The draining sink's environment. */
import { readEnv } from '../../pipeline/env.ts';
import type { SinkEnv } from '../sink/env.ts';

export interface DrainEnv extends SinkEnv {
  /** `host:port` pairs, separated by commas. */
  readonly KAFKA_BROKERS: string;
  /** Kafka client properties, a line each: how to sign in. */
  readonly KAFKA_CLIENT_PROPERTIES: string;
  /** Megabytes (10^6 bytes) of records after which a commit ends. */
  readonly COMMIT_INPUT_MB: string;
  /** How many partitions are drained at a time. */
  readonly PARALLEL_PARTITIONS: string;
}

export const drainEnv = (): DrainEnv =>
  readEnv<DrainEnv>([
    'CONTRACT_BUCKET',
    'CONTRACT_KEY',
    'SCHEMA_VERSION_IDS',
    'LAKE_BUCKET',
    'KAFKA_BROKERS',
    'KAFKA_CLIENT_PROPERTIES',
    'COMMIT_INPUT_MB',
    'PARALLEL_PARTITIONS',
  ]);
