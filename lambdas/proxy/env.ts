/** The proxy's environment. */
import { readEnv } from '../../pipeline/env.ts';

export interface ProxyEnv {
  /** `host:port` pairs, separated by commas. */
  readonly KAFKA_BROKERS: string;
  /** `SASL_SSL` signs in with the function's IAM role; `PLAINTEXT` is for a broker on loopback. */
  readonly KAFKA_SECURITY_PROTOCOL: string;
  /** The SSM path under which each event has its parameter. */
  readonly CATALOG_PATH: string;
}

export const proxyEnv = (): ProxyEnv => readEnv<ProxyEnv>(['KAFKA_BROKERS', 'KAFKA_SECURITY_PROTOCOL', 'CATALOG_PATH']);
