/** The sink's environment. */
import { readEnv } from '../../pipeline/env.ts';

export interface SinkEnv {
  readonly CONTRACT_BUCKET: string;
  readonly CONTRACT_KEY: string;
  /** The registry's ids of the contract's schema versions, oldest first, separated by commas. */
  readonly SCHEMA_VERSION_IDS: string;
  readonly LAKE_BUCKET: string;
}

export const sinkEnv = (): SinkEnv =>
  readEnv<SinkEnv>(['CONTRACT_BUCKET', 'CONTRACT_KEY', 'SCHEMA_VERSION_IDS', 'LAKE_BUCKET']);
