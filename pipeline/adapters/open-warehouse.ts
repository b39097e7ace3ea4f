/** The warehouse that a URL names. */
import type { ObjectStore, Warehouse } from '../ports.ts';
import type { Pace } from './statement-runner.ts';

/**
 * What a loader may wait, of the two minutes that it has: some statements before the load, and the load itself. What
 * runs longer is found by a later call.
 */
const PACE: Pace = { loadWaitMs: 10_000, queryWaitMs: 25_000 };
/** Athena's load is three queries, each with its seconds in the queue. */
const ATHENA_PACE: Pace = { ...PACE, loadWaitMs: 20_000 };

type Settings = (name: string) => string;
type Open = (settings: Settings, lake: ObjectStore) => Promise<Warehouse>;

/** The names of what a URL says, all of them needed, and how the warehouse is opened. Clients are loaded where used. */
const WAREHOUSES: Readonly<Record<string, { readonly settings: readonly string[]; readonly open: Open }>> = {
  redshift: { settings: ['workgroup', 'database', 'schema', 'secret', 'role', 'lake'], open: openRedshift },
  snowflake: {
    settings: ['account', 'user', 'secret', 'database', 'schema', 'warehouse', 'role', 'integration', 'lake'],
    open: openSnowflake,
  },
  athena: { settings: ['workgroup', 'database', 'location', 'lake'], open: openAthena },
};

const DUCKDB = 'duckdb:';

/**
 * @param url `duckdb:<path of the database file>`, or `redshift:`, `snowflake:` or `athena:` with a query of settings:
 * `?workgroup=headrace&database=headrace&…&lake=<bucket>` (docs/warehouses.md lists them).
 * @param lake where the warehouse finds the files of commits; for remote warehouses the bucket of the setting `lake`.
 * @param onWait gets a line for a person while another process holds a database file.
 * @throws Error when the URL names no warehouse or lacks a setting; it names secrets, and never holds one.
 */
export async function openWarehouse(
  url: string,
  lake: ObjectStore,
  onWait?: (line: string) => void,
): Promise<Warehouse> {
  if (url.startsWith(DUCKDB)) {
    const { duckdbWarehouse } = await import('./duckdb-warehouse.ts');
    return duckdbWarehouse(url.slice(DUCKDB.length), lake, onWait);
  }
  const [scheme = '', query = ''] = url.split(':?', 2);
  const warehouse = WAREHOUSES[scheme];
  if (warehouse === undefined) {
    const others = Object.keys(WAREHOUSES).map((name) => `${name}:?<settings>`);
    const allowed = [`${DUCKDB}<path of a database file>`, ...others].join(', ');
    throw new Error(`Cannot open the warehouse "${url}": allowed are ${allowed}`);
  }
  const values = new URLSearchParams(query);
  const unknown = [...values.keys()].filter((name) => !warehouse.settings.includes(name));
  const missing = warehouse.settings.filter((name) => !values.get(name));
  if (missing.length > 0 || unknown.length > 0) {
    const reason = [...missing.map((name) => `${name} is missing`), ...unknown.map((name) => `${name} is unknown`)];
    throw new Error(
      `Cannot open the warehouse "${url}": ${reason.join(', ')}, needed are ${warehouse.settings.join(', ')}`,
    );
  }
  return warehouse.open((name) => values.get(name) ?? '', lake);
}

async function openRedshift(setting: Settings, store: ObjectStore): Promise<Warehouse> {
  const [{ redshiftDataApi }, { redshiftDialect }, { remoteWarehouse }] = await Promise.all([
    import('./redshift-data-api.ts'),
    import('./redshift-dialect.ts'),
    import('./remote-warehouse.ts'),
  ]);
  const [bucket, schema] = [setting('lake'), setting('schema')];
  const dialect = redshiftDialect({ store, bucket, schema, copyRoleArn: setting('role') });
  const workgroup = setting('workgroup');
  const service = redshiftDataApi({ workgroup, database: setting('database'), secretArn: setting('secret') });
  return remoteWarehouse(dialect, service, PACE);
}

async function openSnowflake(setting: Settings): Promise<Warehouse> {
  const [{ readSecret }, { snowflakeTokens }, { snowflakeSqlApi }, { snowflakeDialect }, { remoteWarehouse }] =
    await Promise.all([
      import('./read-secret.ts'),
      import('./snowflake-token.ts'),
      import('./snowflake-sql-api.ts'),
      import('./snowflake-dialect.ts'),
      import('./remote-warehouse.ts'),
    ]);
  const [account, user, schema] = [setting('account'), setting('user'), setting('schema')];
  const tokens = snowflakeTokens({ account, user, privateKeyPem: await readSecret(setting('secret')) }, Date.now);
  const place = { account, database: setting('database'), schema, warehouse: setting('warehouse') };
  const service = snowflakeSqlApi({ ...place, role: setting('role') }, tokens);
  const dialect = snowflakeDialect({ bucket: setting('lake'), schema, integration: setting('integration') });
  return remoteWarehouse(dialect, service, PACE);
}

async function openAthena(setting: Settings, store: ObjectStore): Promise<Warehouse> {
  const [{ athenaApi }, { athenaDialect }, { remoteWarehouse }] = await Promise.all([
    import('./athena-api.ts'),
    import('./athena-dialect.ts'),
    import('./remote-warehouse.ts'),
  ]);
  const database = setting('database');
  const dialect = athenaDialect({ store, bucket: setting('lake'), database, location: setting('location') });
  return remoteWarehouse(dialect, athenaApi({ workgroup: setting('workgroup'), database }), ATHENA_PACE);
}
