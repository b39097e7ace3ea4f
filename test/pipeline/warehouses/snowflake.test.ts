/** Snowflake's adapter on the stand-in: `npm run test:warehouses`. */
import { generateKeyPairSync } from 'node:crypto';
import { remoteWarehouse } from '../../../pipeline/adapters/remote-warehouse.ts';
import { snowflakeDialect } from '../../../pipeline/adapters/snowflake-dialect.ts';
import { snowflakeSqlApi } from '../../../pipeline/adapters/snowflake-sql-api.ts';
import { snowflakeTokens } from '../../../pipeline/adapters/snowflake-token.ts';
import type { Column } from '../../../pipeline/contract/column.ts';
import type { ObjectStore } from '../../../pipeline/ports.ts';
import { commitRows, PLACE } from '../load/lake-fixture.ts';
import { memoryObjectStore } from '../ports/memory-object-store.ts';
import { tableOf, type WarehouseUnderTest, warehouseSuite } from '../ports/warehouse-suite.ts';
import { type StandIn, startStandIn } from './stand-in.ts';
import { typesSuite } from './types-suite.ts';

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn('snowflake');
}, 60_000);
afterAll(() => standIn?.stop());

const pace = { loadWaitMs: 20_000, queryWaitMs: 20_000, pollMs: 5 };
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

function open(bucket: string) {
  const account = 'myorg-myaccount';
  const tokens = snowflakeTokens({ account, user: 'headrace', privateKeyPem }, Date.now);
  const place = { account, database: bucket, schema: 'PUBLIC', warehouse: 'W', role: 'R', origin: standIn.url };
  return remoteWarehouse(
    snowflakeDialect({ bucket, schema: 'public', integration: 'HEADRACE' }),
    snowflakeSqlApi(place, tokens),
    pace,
  );
}

const create = async (lake: ObjectStore): Promise<WarehouseUnderTest> => {
  const bucket = standIn.lakes.add(lake);
  return {
    warehouse: open(bucket),
    other: open(bucket),
    async query(sql) {
      const rows = await standIn.query(
        bucket,
        sql.replaceAll(/"[a-z_]+"/g, (name) => name.toUpperCase()),
      );
      return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [plain(name), value])));
    },
  };
};

// fakesnow loses the quotes of a column in a file, so only plain names can be tried.
warehouseSuite('snowflake', create, { newField: 'nothing', maps: 'object', anyName: false });

typesSuite('snowflake', create, { tiny: '-128', short: '65535', number: '-2147483648' });

test('snowflake: load takes JSON in which a key is there twice, with its last value', async () => {
  const lake = memoryObjectStore();
  const { warehouse, query } = await create(lake);
  const columns: Column[] = [...PLACE, { name: 'attributes', type: { kind: 'json' }, nullable: true }];
  await warehouse.load(tableOf(columns), [await commitRows(lake, columns, 0, [{ attributes: '{"a": 1, "a": 2}' }])]);
  expect(await query('SELECT attributes FROM order_created')).toEqual([{ attributes: { a: 2 } }]);
});

/** The name as the contract has it. */
const plain = (name: string): string => (/^[A-Z0-9_]+$/.test(name) ? name.toLowerCase() : name);
