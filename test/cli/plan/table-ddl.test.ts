import { tableDdl } from '../../../cli/plan/table-ddl.ts';
import type {
  CompiledContract,
  ProtobufVersion,
  WarehouseTarget,
} from '../../../pipeline/contract/compiled-contract.ts';
import type { Field } from '../../../pipeline/contract/message.ts';
import { newestVersion } from '../../../pipeline/contract/table-columns.ts';
import { orderContract } from '../../pipeline/ingest/order-events.ts';

const ordersIn = (target: WarehouseTarget): CompiledContract => ({
  ...orderContract,
  warehouse: { target, table: 'order_created' },
});

/** One more version, with what is to be added to the message and to its items. */
function nextVersion(contract: CompiledContract, own: readonly Field[], ofItems: readonly Field[]): CompiledContract {
  const newest = newestVersion(contract) as ProtobufVersion;
  const { version, message } = newest;
  const fields = message.fields.map((field) =>
    field.name === 'items' && 'message' in field.type
      ? {
          ...field,
          type: {
            ...field.type,
            message: { ...field.type.message, fields: [...field.type.message.fields, ...ofItems] },
          },
        }
      : field,
  );
  const next = { ...newest, version: version + 1, message: { ...message, fields: [...fields, ...own] } };
  return { ...contract, versions: [...contract.versions, next] };
}
const template = (orderContract.versions[0] as ProtobufVersion).message.fields.find(
  ({ name }) => name === 'coupon',
) as Field;
const added = (name: string): Field => ({ ...template, name, jsonName: name, number: 99 });

test('tableDdl: the same contract changes no table', () => {
  for (const target of ['duckdb', 'redshift', 'snowflake', 'athena'] as const) {
    expect(tableDdl(ordersIn(target), ordersIn(target))).toEqual([]);
  }
});

test('tableDdl: DuckDB has none, for no loader on AWS reaches it', () => {
  const contract = ordersIn('duckdb');
  expect(tableDdl(undefined, contract)).toEqual([]);
  expect(tableDdl(contract, nextVersion(contract, [added('referrer')], []))).toEqual([]);
  expect(tableDdl(ordersIn('redshift'), contract)).toEqual([]);
});

test.each(['redshift', 'snowflake', 'athena'] as const)(
  'tableDdl: %s makes a new table and adds new columns',
  (target) => {
    const contract = ordersIn(target);
    const later = nextVersion(contract, [added('referrer')], []);
    expect(tableDdl(undefined, contract).join('\n')).toMatch(/CREATE TABLE[\s\S]*order_created/i);
    const [statement, ...others] = tableDdl(contract, later);
    expect(statement).toMatch(/ALTER TABLE[\s\S]*order_created[\s\S]*ADD COLUMN[\s\S]*referrer/i);
    expect(others).toEqual([]);
    const inside = tableDdl(contract, nextVersion(contract, [], [added('note')]));
    expect(inside).toEqual(['-- items: has new fields inside']);
  },
);

test('tableDdl: another table or another warehouse is made anew', () => {
  const renamed = { ...ordersIn('redshift'), warehouse: { target: 'redshift', table: 'orders' } } as const;
  expect(tableDdl(ordersIn('redshift'), renamed).join('\n')).toMatch(/CREATE TABLE IF NOT EXISTS "<schema>"."orders"/);
  expect(tableDdl(ordersIn('duckdb'), ordersIn('redshift')).join('\n')).toMatch(/CREATE TABLE/);
});
