/** Athena's adapter on the stand-in: `npm run test:warehouses`. */
import { AthenaClient } from '@aws-sdk/client-athena';
import { athenaApi } from '../../../pipeline/adapters/athena-api.ts';
import { athenaDialect } from '../../../pipeline/adapters/athena-dialect.ts';
import { remoteWarehouse } from '../../../pipeline/adapters/remote-warehouse.ts';
import type { ObjectStore } from '../../../pipeline/ports.ts';
import type { Row } from '../load/lake-fixture.ts';
import { type WarehouseUnderTest, warehouseSuite } from '../ports/warehouse-suite.ts';
import { type StandIn, startStandIn } from './stand-in.ts';
import { typesSuite } from './types-suite.ts';

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn('athena');
}, 60_000);
afterAll(() => standIn?.stop());

const pace = { loadWaitMs: 20_000, queryWaitMs: 20_000, pollMs: 5 };

function open(store: ObjectStore, bucket: string) {
  const credentials = { accessKeyId: 'a', secretAccessKey: 's' };
  const client = new AthenaClient({ endpoint: standIn.url, region: 'us-east-1', credentials });
  const dialect = athenaDialect({ store, bucket, database: bucket, location: 's3://warehouse/tables/' });
  return remoteWarehouse(dialect, athenaApi({ workgroup: 'headrace', database: bucket }, client), pace);
}

/** Nested columns are JSON text. */
const readNested = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'string' && /^[[{]/.test(value) ? JSON.parse(value) : value,
    ]),
  );

const create = async (lake: ObjectStore): Promise<WarehouseUnderTest> => {
  const bucket = standIn.lakes.add(lake);
  return {
    warehouse: open(lake, bucket),
    other: open(lake, bucket),
    query: async (sql) => (await standIn.query(bucket, sql)).map(readNested),
  };
};

warehouseSuite('athena', create, { newField: 'nothing', maps: 'object', anyName: false });

typesSuite('athena', create, { happened: '2023-11-14 22:13:20.123456' });
