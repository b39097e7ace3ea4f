/** The loader's environment. */
import { readEnv } from '../../pipeline/env.ts';

export interface LoaderEnv {
  readonly CONTRACT_BUCKET: string;
  readonly CONTRACT_KEY: string;
  readonly LAKE_BUCKET: string;
  readonly LOAD_QUEUE_URL: string;
  /** Where the warehouse is: for DuckDB `duckdb:<path of the database file>`. */
  readonly WAREHOUSE_URL: string;
}

export const loaderEnv = (): LoaderEnv =>
  readEnv<LoaderEnv>(['CONTRACT_BUCKET', 'CONTRACT_KEY', 'LAKE_BUCKET', 'LOAD_QUEUE_URL', 'WAREHOUSE_URL']);
