import { checkTables } from '../../../pipeline/contract/check-tables.ts';
import type { WarehouseTarget } from '../../../pipeline/contract/compiled-contract.ts';
import { contractOf } from '../../lib/contract-of.ts';

/** Two events with these tables. */
const tables = (a: string, b: string, targets: readonly [WarehouseTarget, WarehouseTarget]) => () =>
  checkTables('schemas', [
    contractOf('first', { warehouse: { target: targets[0], table: a } }),
    contractOf('second', { warehouse: { target: targets[1], table: b } }),
  ]);

test('checkTables refuses two events that would share a table, however it is written', () => {
  expect(tables('a', 'A', ['redshift', 'snowflake'])).toThrow(
    'schemas/second/event.yaml: warehouse.table: "A" is the table of first already',
  );
});

test.each(['load_ledger_a', 'lake_a_v1', 'lake_a_v12', 'a__rebuild', 'load_ledger_a__rebuild', 'lake_a__rebuild_v2'])(
  'checkTables refuses a table that Athena needs beside another: %s',
  (name) => {
    expect(tables('a', name, ['athena', 'athena'])).toThrow(
      `schemas/second/event.yaml: warehouse.table: "${name}" is a table that first needs beside "a", name another`,
    );
    expect(tables(name, 'a', ['athena', 'athena'])).toThrow(`schemas/first/event.yaml: warehouse.table: "${name}" is`);
  },
);

test('checkTables refuses, on any target, a table in which another is built anew: a laptop has all in one file', () => {
  expect(tables('a', 'a__rebuild', ['duckdb', 'snowflake'])).toThrow('"a__rebuild" is a table that first needs');
});

test.each(['load_ledger_b', 'load_ledger', 'lake_a', 'lake_a_v', 'lake_a_v01', 'lake_b_v1', 'a_v1'])(
  'checkTables takes a name that is nobody else’s: %s',
  (name) => {
    expect(tables('a', name, ['athena', 'athena'])).not.toThrow();
  },
);

test('checkTables takes what Athena would need beside a table that is not on Athena', () => {
  expect(tables('a', 'load_ledger_a', ['redshift', 'athena'])).not.toThrow();
  expect(tables('a', 'lake_a_v1', ['athena', 'redshift'])).not.toThrow();
});
