/** The SQL of remote warehouses as files that can be read; HEADRACE_UPDATE_SQL=1 writes them anew. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WAREHOUSES } from '../../../lib/config.ts';
import { athenaDialect } from '../../../pipeline/adapters/athena-dialect.ts';
import { athenaColumn } from '../../../pipeline/adapters/athena-types.ts';
import { redshiftDialect } from '../../../pipeline/adapters/redshift-dialect.ts';
import { snowflakeDialect } from '../../../pipeline/adapters/snowflake-dialect.ts';
import type { Step, WarehouseDialect } from '../../../pipeline/adapters/warehouse-dialect.ts';
import type { Column } from '../../../pipeline/contract/column.ts';
import type { PendingLoad, WarehouseTable } from '../../../pipeline/ports.ts';
import { commitKey } from '../../../pipeline/sink/commit-log.ts';
import { IDENTITY } from '../load/lake-fixture.ts';
import { EVERY_TYPE, RARE_TYPES } from '../ports/every-type.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../ports/memory-object-store.ts';
import { tableOf } from '../ports/warehouse-suite.ts';

const bucket = 'event-order-created-lake';
const copyRoleArn = 'arn:aws:iam::123456789012:role/headrace-warehouse-reader';
const dialects: Record<string, (store: MemoryObjectStore) => WarehouseDialect> = {
  redshift: (store) => redshiftDialect({ store, bucket, schema: 'public', copyRoleArn }),
  snowflake: () => snowflakeDialect({ bucket, schema: 'public', integration: 'HEADRACE' }),
  athena: (store) => athenaDialect({ store, bucket, database: 'headrace', location: 's3://warehouse/tables/' }),
};

const table = tableOf([...EVERY_TYPE, ...RARE_TYPES], { schemaVersion: 2 });
const shadow: WarehouseTable = {
  ...tableOf(IDENTITY),
  event: 'order_created#rebuild',
  table: 'order_created__rebuild',
};
const ranges = [{ partition: 1, first: 100, next: 300 }];

const load = (partition: number, start: number, next: number, files: string[]): PendingLoad => ({
  commitKey: commitKey(partition, start),
  commit: {
    ...({} as PendingLoad['commit']),
    partition,
    start,
    next,
    rows: next - start,
    schemaVersion: 2,
    files: files.map((key) => ({ key: `data/${key}.parquet`, rows: next - start, bytes: 1_000 })),
  },
});
const loads = [
  load(0, 0, 100, ['0-0-99-a']),
  load(1, 100, 300, ["1-100-299-b it's", '1-100-299-c']),
  load(2, 0, 5, []),
];

const joined = (steps: readonly Step[]): string =>
  steps
    .map(({ statements, objects }, index) =>
      [
        `-- step ${index + 1}${objects ? `, whose last query lists ${objects}` : ''}`,
        `${statements.join(';\n')};`,
      ].join('\n'),
    )
    .join('\n\n');

/** Compares with the file, or writes it. */
function expectFile(name: string, content: string): void {
  const path = join(import.meta.dirname, 'sql', `${name}.sql`);
  const text = `${content}\n`;
  if (process.env['HEADRACE_UPDATE_SQL']) {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  }
  expect(text).toBe(readFileSync(path, 'utf8'));
}

describe.each(Object.keys(dialects))('%s', (name) => {
  const store = memoryObjectStore();
  const dialect = dialects[name]?.(store) as WarehouseDialect;

  test(`${name}: makes what a load needs`, () => {
    const added: Column[] = [...EVERY_TYPE.slice(-1), { name: 'note', type: { kind: 'string' }, nullable: true }];
    const steps = [...dialect.createSteps(table), ...dialect.addColumnSteps(table, added)];
    expectFile(`${name}-create`, joined([...steps, { statements: [dialect.columnNames(table, 'ledger')] }]));
  });

  test(`${name}: loads commits`, async () => {
    expectFile(`${name}-load`, joined(await dialect.loadSteps(table, loads)));
    const manifests = [...store.objects].map(([key, body]) => `${key}\n${Buffer.from(body).toString('utf8')}`);
    expect(manifests).toMatchSnapshot();
  });

  test(`${name}: loads a commit without files, and reads none`, async () => {
    const sql = joined(await dialect.loadSteps(table, loads.slice(2)));
    expect(sql).not.toMatch(/COPY|headrace_list/);
    expect(sql).toContain(loads[2]?.commitKey);
  });

  test(`${name}: asks what a table and its ledger hold`, () => {
    const queries = [
      dialect.loadedKeys(table, ['commits/0/1.json', "it's"]),
      dialect.ledgerEntries(table, 'all'),
      dialect.ledgerEntries(table, []),
      dialect.holes(table, ranges),
      dialect.measures(table, [...ranges, { partition: 0, first: 0, next: 2 ** 53 - 1 }]),
      dialect.outside(table, ranges),
      dialect.offsets(table, { partition: 1, first: 100, next: 300 }),
    ];
    expectFile(`${name}-queries`, joined([{ statements: queries }]));
  });

  test(`${name}: replaces and drops`, () => {
    const steps = [...dialect.replaceSteps(tableOf(IDENTITY), shadow, ranges), ...dialect.dropSteps(shadow)];
    expectFile(`${name}-replace`, joined(steps));
  });

  test(`${name}: refuses names that it cannot have, and two that are one`, () => {
    const named = (...names: string[]) =>
      tableOf(names.map((column): Column => ({ name: column, type: { kind: 'string' }, nullable: true })));
    expect(() => dialect.checkNames(named('order_id', 'Order_Id2'))).not.toThrow();
    expect(() => dialect.checkNames(named('x'.repeat(300)))).toThrow(/has 300 bytes, .* allows \d+/);
    expect(() => dialect.checkNames({ ...named('a'), table: 'x'.repeat(300) })).toThrow('Cannot make the table');
    const twins = name === 'snowflake' ? named('order', 'ORDER') : named('orderId', 'orderid');
    expect(() => dialect.checkNames(twins)).toThrow('for one, rename one of them');
  });

  test(`${name}: refuses decimals of more digits than it has`, () => {
    const wide: Column = { name: 'wide', type: { kind: 'decimal', precision: 39, scale: 0 }, nullable: true };
    expect(() => dialect.createSteps(tableOf([wide]))).toThrow(/"wide": it has 39 digits, \w+ allows 38/);
  });
});

test('athenaDialect: refuses characters that Glue does not have', () => {
  const odd = tableOf([{ name: 'a b', type: { kind: 'string' }, nullable: true }]);
  expect(() => dialects['athena']?.(memoryObjectStore()).checkNames(odd)).toThrow(
    'Cannot make the column "a b": Athena allows letters, digits and underscores',
  );
});

test('athenaColumn: JSON has the contract’s names, whatever else is in the struct', () => {
  const int: Column = { name: 'orderId', type: { kind: 'int', bits: 32, signed: true }, nullable: true };
  const at: Column = { name: 'placedAt', type: { kind: 'timestamp', unit: 'micros' }, nullable: true };
  const values = [[int], [int, at]].map((fields) =>
    athenaColumn({ name: 'item', type: { kind: 'struct', fields }, nullable: true }).value('r."item"'),
  );
  expect(values).toEqual([
    expect.stringContaining("MAP(ARRAY['orderId']"),
    expect.stringContaining("ARRAY['orderId', 'placedAt']"),
  ]);
});

test('redshiftDialect: stays within a batch of the Data API, whatever the commits', async () => {
  const dialect = dialects['redshift']?.(memoryObjectStore()) as WarehouseDialect;
  const many = Array.from({ length: dialect.commitsMax }, (_, index) => load(index, 1e15, 2e15, [`${index}`]));
  const [step, ...more] = await dialect.loadSteps(table, many);
  expect(more).toEqual([]);
  expect(step?.statements.length).toBeLessThanOrEqual(40);
  expect(Math.max(...(step?.statements ?? []).map((sql) => sql.length))).toBeLessThan(100_000);
});

test.each(['HEADRACE', 'headrace'])(
  'redshiftDialect, snowflakeDialect: refuse the schema %s, which is the ledger’s',
  (schema) => {
    const store = memoryObjectStore();
    const reason = `Cannot use the schema "${schema}" of`;
    expect(() => redshiftDialect({ store, bucket, schema, copyRoleArn })).toThrow(reason);
    expect(() => snowflakeDialect({ bucket, schema, integration: 'HEADRACE' })).toThrow(reason);
    expect(() => redshiftDialect({ store, bucket, schema: WAREHOUSES.redshift.schema, copyRoleArn })).not.toThrow();
    expect(() => snowflakeDialect({ bucket, ...WAREHOUSES.snowflake })).not.toThrow();
  },
);
