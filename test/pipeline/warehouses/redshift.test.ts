/** Redshift's adapter on the stand-in: `npm run test:warehouses`. */
import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { redshiftDataApi } from '../../../pipeline/adapters/redshift-data-api.ts';
import { redshiftDialect } from '../../../pipeline/adapters/redshift-dialect.ts';
import { remoteWarehouse } from '../../../pipeline/adapters/remote-warehouse.ts';
import type { Column } from '../../../pipeline/contract/column.ts';
import type { ObjectStore, PendingLoad, Warehouse, WarehouseTable } from '../../../pipeline/ports.ts';
import { commitRows, PLACE } from '../load/lake-fixture.ts';
import { memoryObjectStore } from '../ports/memory-object-store.ts';
import { tableOf, type WarehouseUnderTest, warehouseSuite } from '../ports/warehouse-suite.ts';
import { type StandIn, startStandIn } from './stand-in.ts';
import { typesSuite } from './types-suite.ts';

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn('redshift');
}, 60_000);
afterAll(() => standIn?.stop());

const pace = { loadWaitMs: 20_000, queryWaitMs: 20_000, pollMs: 5 };

function open(store: ObjectStore, bucket: string) {
  const credentials = { accessKeyId: 'a', secretAccessKey: 's' };
  const client = new RedshiftDataClient({ endpoint: standIn.url, region: 'us-east-1', credentials });
  const dialect = redshiftDialect({
    store,
    bucket,
    schema: 'public',
    copyRoleArn: 'arn:aws:iam::123456789012:role/copy',
  });
  return remoteWarehouse(dialect, redshiftDataApi({ workgroup: 'headrace', database: bucket }, client), pace);
}

const create = async (lake: ObjectStore): Promise<WarehouseUnderTest> => {
  const bucket = standIn.lakes.add(lake);
  return {
    warehouse: open(lake, bucket),
    other: open(lake, bucket),
    query: (sql) => standIn.query(bucket, sql),
  };
};

warehouseSuite('redshift', create, { newField: 'nothing', maps: 'object', anyName: true });

typesSuite('redshift', create);

const TEXT: Column = { name: 'text', type: { kind: 'string' }, nullable: true };

test.each(['headrace_rows', 'headrace_commits', 'headrace_miscounts', 'headrace_missing', 'load_ledger', 'lock_a'])(
  'redshift: a table named %s as one of ours is another one',
  async (name) => {
    const lake = memoryObjectStore();
    const { warehouse, query } = await create(lake);
    const table = tableOf([...PLACE, TEXT], { table: name });
    const load = await commitRows(lake, table.columns, 0, [{ text: 'a' }]);
    await warehouse.load(table, [load]);
    expect(await query(`SELECT text FROM public.${name}`)).toEqual([{ text: 'a' }]);
    expect(await warehouse.ledger(table)).toHaveLength(1);
    await rebuild(warehouse, table, [load]);
    expect(await query(`SELECT text FROM public.${name}`)).toEqual([{ text: 'a' }]);
  },
);

test('redshift: a user of whose name there is a schema makes tables in the schema of the settings', async () => {
  const lake = memoryObjectStore();
  const { warehouse, query } = await create(lake);
  const load = await commitRows(lake, [...PLACE, TEXT], 0, [{ text: 'a' }]);
  await warehouse.load(tableOf([...PLACE, TEXT]), [load]);
  // The stand-in's user is headrace, so that the ledger's schema comes first in its search path.
  const where = `SELECT table_schema AS schema FROM information_schema.tables WHERE table_name = 'order_created'`;
  expect(await query(where)).toEqual([{ schema: 'public' }]);
});

async function rebuild(warehouse: Warehouse, table: WarehouseTable, loads: readonly PendingLoad[]): Promise<void> {
  const shadow = { ...table, event: `${table.event}#rebuild`, table: `${table.table}__rebuild` };
  await warehouse.load(shadow, loads);
  expect(await warehouse.replace(table, shadow, 'all')).toEqual([]);
}
