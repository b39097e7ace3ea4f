/** How an event's loader reaches its warehouse, and how the warehouse reaches the event's lake. */
import { ArnPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Aws } from 'aws-cdk-lib/core';
import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
import { athenaLakeName, athenaLedgerName, DATA_PREFIX, MANIFEST_PREFIX } from '../../pipeline/contract/names.ts';
import { WAREHOUSES } from '../config.ts';
import type { Permission } from '../node-function.ts';
import { platformValue } from '../platform-values.ts';

/** Whether anything on AWS loads the event's rows: DuckDB is a file of the laptop's. */
export const isLoadedOnAws = ({ warehouse }: CompiledContract): boolean => warehouse.target !== 'duckdb';

export interface WarehouseAccess {
  /** What `openWarehouse` opens. */
  readonly url: string;
  /** Beside reading commits and data files. */
  readonly permissions: readonly Permission[];
}

/** Lets the warehouse read the lake where it does so by itself. */
export function warehouseAccess({ warehouse }: CompiledContract, lake: Bucket): WarehouseAccess {
  switch (warehouse.target) {
    case 'duckdb':
      return { url: WAREHOUSES.duckdb.url, permissions: [] };
    case 'redshift':
      letWarehouseRead(lake);
      return redshiftAccess(lake);
    case 'snowflake':
      letWarehouseRead(lake);
      return snowflakeAccess(lake);
    case 'athena':
      return athenaAccess(lake, warehouse.table);
  }
}

/** Not encoded: the values are tokens that CloudFormation puts in, and none has an ampersand. */
const warehouseUrl = (scheme: string, settings: Readonly<Record<string, string>>): string =>
  `${scheme}:?${Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join('&')}`;

/** The role of COPY and of Snowflake's integration is one for all events; each lake's own policy lets it in. */
function letWarehouseRead(lake: Bucket): void {
  const principals = [new ArnPrincipal(platformValue('WarehouseReaderRoleArn'))];
  lake.addToResourcePolicy(
    new PolicyStatement({
      principals,
      actions: ['s3:GetObject'],
      resources: [DATA_PREFIX, MANIFEST_PREFIX].map((prefix) => lake.arnForObjects(`${prefix}*`)),
    }),
  );
  lake.addToResourcePolicy(
    new PolicyStatement({
      principals,
      actions: ['s3:GetBucketLocation', 's3:ListBucket'],
      resources: [lake.bucketArn],
    }),
  );
}

const writeManifests = (lake: Bucket): Permission => ({
  actions: ['s3:PutObject'],
  resources: [lake.arnForObjects(`${MANIFEST_PREFIX}*`)],
});

function redshiftAccess(lake: Bucket): WarehouseAccess {
  const secret = platformValue('RedshiftSecretArn');
  const { workgroup, database, schema } = WAREHOUSES.redshift;
  const url = warehouseUrl('redshift', {
    workgroup,
    database,
    schema,
    secret,
    role: platformValue('WarehouseReaderRoleArn'),
    lake: lake.bucketName,
  });
  const permissions: Permission[] = [
    {
      actions: ['redshift-data:BatchExecuteStatement'],
      resources: [platformValue('RedshiftWorkgroupArn')],
    },
    {
      // These know no resource, but whose statement it is: the function's role and name.
      actions: ['redshift-data:DescribeStatement', 'redshift-data:GetStatementResult', 'redshift-data:ListStatements'],
      resources: ['*'],
      conditions: {
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of IAM's policies
        StringEquals: { 'redshift-data:statement-owner-iam-userid': '${aws:userid}' },
      },
    },
    { actions: ['secretsmanager:GetSecretValue'], resources: [secret] },
    writeManifests(lake),
  ];
  return { url, permissions };
}

/** Snowflake reads the lake through its storage integration, and is called over the internet. */
function snowflakeAccess(lake: Bucket): WarehouseAccess {
  const secret = platformValue('SnowflakeSecretArn');
  return {
    url: warehouseUrl('snowflake', { ...WAREHOUSES.snowflake, secret, lake: lake.bucketName }),
    permissions: [{ actions: ['secretsmanager:GetSecretValue'], resources: [secret] }],
  };
}

/** Athena reads and writes with its caller's permissions: those of the loader, on the tables of this event alone. */
function athenaAccess(lake: Bucket, table: string): WarehouseAccess {
  const { workgroup, database } = WAREHOUSES.athena;
  const bucket = platformValue('WarehouseBucketName');
  const here = `${Aws.REGION}:${Aws.ACCOUNT_ID}`;
  const glue = `arn:${Aws.PARTITION}:glue:${here}`;
  const files = `arn:${Aws.PARTITION}:s3:::${bucket}`;
  const tables = [table, athenaLedgerName(table), athenaLakeName(table, '*')];
  const url = warehouseUrl('athena', {
    workgroup,
    database,
    location: `s3://${bucket}/tables/`,
    lake: lake.bucketName,
  });
  const permissions: Permission[] = [
    {
      actions: ['athena:GetQueryExecution', 'athena:GetQueryResults', 'athena:StartQueryExecution'],
      resources: [`arn:${Aws.PARTITION}:athena:${here}:workgroup/${workgroup}`],
    },
    {
      // Athena looks at `default` too, whatever database a query names ("Configure AWS Glue access to your catalog").
      actions: ['glue:GetDatabase', 'glue:GetDatabases'],
      resources: [`${glue}:catalog`, `${glue}:database/default`, `${glue}:database/${database}`],
    },
    {
      actions: ['glue:CreateTable', 'glue:GetPartitions', 'glue:GetTable', 'glue:GetTables', 'glue:UpdateTable'],
      resources: [
        `${glue}:catalog`,
        `${glue}:database/${database}`,
        ...tables.map((name) => `${glue}:table/${database}/${name}`),
      ],
    },
    {
      actions: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
      resources: [...tables.slice(0, 2).map((name) => `${files}/tables/${name}/*`), `${files}/results/*`],
    },
    { actions: ['s3:GetBucketLocation', 's3:ListBucket'], resources: [files, lake.bucketArn] },
    { actions: ['s3:GetObject'], resources: [lake.arnForObjects(`${MANIFEST_PREFIX}*`)] },
    writeManifests(lake),
  ];
  return { url, permissions };
}
