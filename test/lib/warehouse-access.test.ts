import { EventStack } from '../../lib/event-stack.ts';
import type { WarehouseTarget } from '../../pipeline/contract/compiled-contract.ts';
import { contractOf } from './contract-of.ts';
import { grantsOf } from './permissions.ts';
import { maskedTemplate, only, type Template, testApp, variablesOf } from './synthesize.ts';

const stackFor = (target: WarehouseTarget): Template => {
  const app = testApp();
  new EventStack(app, contractOf('order_created', { warehouse: { target, table: 'orders' } }));
  return maskedTemplate(app, 'Event-order-created');
};

/** Intrinsics as text: the URL's parts in their order. */
const flat = (value: unknown): string =>
  JSON.stringify(value)
    .replaceAll(/\{"Fn::GetStackOutput":\{"OutputName":"(\w+)","StackName":"Platform"\}\}/g, '"<$1>"')
    .replaceAll(/\{"Fn::GetStackOutput":\{"StackName":"Platform","OutputName":"(\w+)"\}\}/g, '"<$1>"')
    .replaceAll(/\{"Ref":"(\w+?)[0-9A-F]{8}"\}/g, '"<$1>"');

const urlOf = (template: Template): string => {
  const url = variablesOf(template, 'Loader')['WAREHOUSE_URL'];
  const parts = (url as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join']?.[1] ?? [url];
  return parts.map((part) => (typeof part === 'string' ? part : JSON.parse(flat(part)))).join('');
};

const loaderGrants = (template: Template): string[] =>
  grantsOf(template)
    .filter(({ holder }) => holder.startsWith('Loader'))
    .map(({ action, resource }) => `${action} ${resource}`);

test('warehouseAccess: a loader of DuckDB may do nothing more than read its lake', () => {
  const template = stackFor('duckdb');
  expect(urlOf(template)).toBe('duckdb:headrace.duckdb');
  expect(loaderGrants(template).filter((grant) => /redshift|secrets|athena|glue|PutObject/.test(grant))).toEqual([]);
});

test('warehouseAccess: a loader of Redshift submits to one workgroup, and follows its own statements', () => {
  const template = stackFor('redshift');
  expect(urlOf(template)).toBe(
    'redshift:?workgroup=headrace&database=headrace&schema=public&secret=<RedshiftSecretArn>&role=<WarehouseReaderRoleArn>' +
      '&lake=<LakeBucket>',
  );
  const grants = loaderGrants(template).filter((grant) => /redshift|secrets|PutObject/.test(grant));
  expect(grants.map((grant) => grant.replace(/ .*(Platform|LakeBucket).*/, ' one resource'))).toEqual([
    'redshift-data:BatchExecuteStatement one resource',
    'redshift-data:DescribeStatement *',
    'redshift-data:GetStatementResult *',
    'redshift-data:ListStatements *',
    'secretsmanager:GetSecretValue one resource',
    's3:PutObject one resource',
  ]);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of IAM's policies
  const owner = { StringEquals: { 'redshift-data:statement-owner-iam-userid': '${aws:userid}' } };
  expect(JSON.stringify(template)).toContain(JSON.stringify(owner));
});

test('warehouseAccess: a loader of Snowflake reads one secret, and the URL holds none', () => {
  const template = stackFor('snowflake');
  expect(urlOf(template)).toBe(
    'snowflake:?account=MYORG-MYACCOUNT&user=HEADRACE_LOADER&database=HEADRACE&schema=PUBLIC&warehouse=HEADRACE' +
      '&role=HEADRACE_LOADER&integration=HEADRACE&secret=<SnowflakeSecretArn>&lake=<LakeBucket>',
  );
  expect(loaderGrants(template).filter((grant) => /secrets|redshift|athena/.test(grant))).toHaveLength(1);
});

test.each(['redshift', 'snowflake'] as const)(
  'warehouseAccess: the role of %s may read data and manifests',
  (target) => {
    const { Properties } = only(stackFor(target), 'AWS::S3::BucketPolicy');
    const policy = flat(Properties['PolicyDocument']);
    expect(policy).toContain('"Principal":{"AWS":"<WarehouseReaderRoleArn>"}');
    expect(policy).toContain('/data/*');
    expect(policy).toContain('/manifests/*');
    expect(policy).not.toContain('/commits/*');
  },
);

test('warehouseAccess: a loader of Athena may change the tables of its event and no others', () => {
  const template = stackFor('athena');
  expect(urlOf(template)).toBe(
    'athena:?workgroup=headrace&database=headrace&location=s3://<WarehouseBucketName>/tables/&lake=<LakeBucket>',
  );
  const glue = loaderGrants(template).filter((grant) => grant.startsWith('glue:UpdateTable'));
  expect(glue.map((grant) => grant.replace(/.*:/, ''))).toEqual([
    'catalog',
    'database/headrace',
    'table/headrace/lake_orders_v*',
    'table/headrace/load_ledger_orders',
    'table/headrace/orders',
  ]);
});

test('warehouseAccess: a loader of Athena may look at the databases that Athena looks at, and change none', () => {
  const glue = loaderGrants(stackFor('athena')).filter((grant) => grant.startsWith('glue:'));
  expect(glue.map((grant) => grant.replace(/ .*:/, ' ')).filter((grant) => / (catalog|database)/.test(grant))).toEqual([
    'glue:GetDatabase catalog',
    'glue:GetDatabase database/default',
    'glue:GetDatabase database/headrace',
    'glue:GetDatabases catalog',
    'glue:GetDatabases database/default',
    'glue:GetDatabases database/headrace',
    'glue:CreateTable catalog',
    'glue:CreateTable database/headrace',
    'glue:GetPartitions catalog',
    'glue:GetPartitions database/headrace',
    'glue:GetTable catalog',
    'glue:GetTable database/headrace',
    'glue:GetTables catalog',
    'glue:GetTables database/headrace',
    'glue:UpdateTable catalog',
    'glue:UpdateTable database/headrace',
  ]);
  expect(
    glue.filter((grant) => grant.startsWith('glue:GetPartitions')).map((grant) => grant.replace(/.*:/, '')),
  ).toContain('table/headrace/lake_orders_v*');
});
