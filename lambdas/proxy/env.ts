/** The proxy's environment. */
import { readEnv } from '../../pipeline/env.ts';

export interface ProxyEnv {
  /** `host:port` pairs, separated by commas. */
  readonly KAFKA_BROKERS: string;
  /** Kafka client properties, a line each: how to sign in. */
  readonly KAFKA_CLIENT_PROPERTIES: string;
  /** The SSM path under which each event has its parameter. */
  readonly CATALOG_PATH: string;
  /** Where records wait that are answered before they are in Kafka. */
  readonly RELAY_QUEUE_URL: string;
}

export const proxyEnv = (): ProxyEnv =>
  readEnv<ProxyEnv>(['KAFKA_BROKERS', 'KAFKA_CLIENT_PROPERTIES', 'CATALOG_PATH', 'RELAY_QUEUE_URL']);
