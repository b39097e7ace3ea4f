/** Athena's adapter on the stand-in: `npm run test:warehouses`. */
import { AthenaClient } from '@aws-sdk/client-athena';
import { athenaApi } from '../../../pipeline/adapters/athena-api.ts';
import { athenaDialect } from '../../../pipeline/adapters/athena-dialect.ts';
import { remoteWarehouse } from '../../../pipeline/adapters/remote-warehouse.ts';
import type { Column } from '../../../pipeline/contract/column.ts';
import type { ObjectStore } from '../../../pipeline/ports.ts';
import { commitRows, PLACE, type Row } from '../load/lake-fixture.ts';
import { memoryObjectStore } from '../ports/memory-object-store.ts';
import { tableOf, type WarehouseUnderTest, warehouseSuite } from '../ports/warehouse-suite.ts';
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

const int = (name: string): Column => ({ name, type: { kind: 'int', bits: 32, signed: true }, nullable: true });
const struct = (name: string, ...fields: Column[]): Column => ({
  name,
  type: { kind: 'struct', fields },
  nullable: true,
});

test('athena: names inside of nested values keep their capitals, from one schema version to the next', async () => {
  const lake = memoryObjectStore();
  const { warehouse, query } = await create(lake);
  const nested = (...fields: Column[]): Column[] => [
    ...PLACE,
    struct('one', struct('inSide', ...fields)),
    { name: 'many', type: { kind: 'list', element: struct('element', ...fields) }, nullable: true },
    {
      name: 'named',
      type: {
        kind: 'map',
        key: { name: 'key', type: { kind: 'string' }, nullable: false },
        value: struct('value', ...fields),
      },
      nullable: true,
    },
  ];
  const row = (value: Row): Row => ({ one: { inSide: value }, many: [value, null], named: { Key: value } });
  const [v1, v2] = [
    nested(int('orderId')),
    nested(int('orderId'), { name: 'Huge', type: { kind: 'int', bits: 64, signed: false }, nullable: true }),
  ];
  const first = await commitRows(lake, v1, 0, [row({ orderId: 1 }), {}]);
  const second = await commitRows(lake, v2, 2, [row({ orderId: 2, Huge: 3 })], { schemaVersion: 2 });
  await warehouse.load(tableOf(v1), [first]);
  await warehouse.load(tableOf(v2, { schemaVersion: 2 }), [second]);
  expect(await query('SELECT one, many, named FROM order_created ORDER BY _offset')).toEqual([
    row({ orderId: 1 }),
    { one: null, many: null, named: null },
    row({ orderId: 2, Huge: 3 }),
  ]);
});
