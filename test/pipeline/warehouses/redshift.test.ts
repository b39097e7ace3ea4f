/** Redshift's adapter on the stand-in: `npm run test:warehouses`. */
import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import { redshiftDataApi } from '../../../pipeline/adapters/redshift-data-api.ts';
import { redshiftDialect } from '../../../pipeline/adapters/redshift-dialect.ts';
import { remoteWarehouse } from '../../../pipeline/adapters/remote-warehouse.ts';
import type { ObjectStore } from '../../../pipeline/ports.ts';
import { type WarehouseUnderTest, warehouseSuite } from '../ports/warehouse-suite.ts';
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
  const dialect = redshiftDialect({ store, bucket, copyRoleArn: 'arn:aws:iam::123456789012:role/copy' });
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
