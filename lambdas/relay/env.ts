/** The relay's environment. */
import { readEnv } from '../../pipeline/env.ts';

export interface RelayEnv {
  /** `host:port` pairs, separated by commas. */
  readonly KAFKA_BROKERS: string;
  /** Kafka client properties, a line each: how to sign in. */
  readonly KAFKA_CLIENT_PROPERTIES: string;
}

export const relayEnv = (): RelayEnv => readEnv<RelayEnv>(['KAFKA_BROKERS', 'KAFKA_CLIENT_PROPERTIES']);
