/** The warehouses that are in the account. */
import { WAREHOUSES as NAMES } from '../config.ts';
import { actions, arn, type Grant, types } from './grant.ts';

export const WAREHOUSES: readonly Grant[] = [
  {
    // Namespaces and workgroups are named by ids that do not exist before.
    sid: 'Redshift',
    types: types('RedshiftServerless', 'Namespace Workgroup'),
    actions: actions(
      'redshift-serverless',
      `CreateNamespace CreateWorkgroup DeleteNamespace DeleteWorkgroup GetNamespace GetWorkgroup
       ListSnapshotCopyConfigurations ListTagsForResource TagResource UntagResource UpdateNamespace UpdateWorkgroup`,
    ),
    resources: ['namespace', 'workgroup'].map((kind) => arn('redshift-serverless', `${kind}/*`)),
  },
  {
    // Of a namespace, which has none; the action has the name and perhaps the resource of Redshift's other kind.
    sid: 'RedshiftResourcePolicy',
    types: types('RedshiftServerless', 'Namespace'),
    actions: actions('redshift', 'GetResourcePolicy'),
    resources: ['*'],
  },
  {
    // Redshift Serverless passes roles on under no service that a condition could name for certain. This one may nothing
    // by itself; the lakes let it in.
    sid: 'RoleOfRedshift',
    types: types('RedshiftServerless', 'Namespace'),
    actions: actions('iam', 'PassRole'),
    resources: ['arn:aws:iam::*:role/Platform-WarehousesReader*'],
  },
  {
    sid: 'Athena',
    types: types('Athena', 'WorkGroup'),
    actions: actions(
      'athena',
      'CreateWorkGroup DeleteWorkGroup GetWorkGroup ListTagsForResource TagResource UntagResource UpdateWorkGroup',
    ),
    resources: [arn('athena', `workgroup/${NAMES.athena.workgroup}`)],
  },
  {
    // Athena looks whether results can be written to where they shall go.
    sid: 'AthenaResults',
    types: types('Athena', 'WorkGroup'),
    actions: actions(
      's3',
      `AbortMultipartUpload GetBucketLocation GetObject ListBucket ListBucketMultipartUploads ListMultipartUploadParts
       PutObject`,
    ),
    resources: ['arn:aws:s3:::platform-warehousesbucket*', 'arn:aws:s3:::platform-warehousesbucket*/results/*'],
  },
  {
    sid: 'Database',
    types: types('Glue', 'Database'),
    actions: actions('glue', 'CreateDatabase DeleteDatabase GetDatabase UpdateDatabase'),
    resources: [arn('glue', 'catalog'), arn('glue', `database/${NAMES.athena.database}`)],
  },
  {
    // Reading only, and without a resource level.
    sid: 'DatabaseOfLakeFormation',
    types: types('Glue', 'Database'),
    actions: actions(
      'lakeformation',
      'DescribeLakeFormationIdentityCenterConfiguration DescribeResource ListResources',
    ),
    resources: ['*'],
  },
  {
    sid: 'Secrets',
    types: types('SecretsManager', 'Secret'),
    actions: actions(
      'secretsmanager',
      'CreateSecret DeleteSecret DescribeSecret GetSecretValue TagResource UntagResource UpdateSecret',
    ),
    // Without a hyphen: the name begins with the construct's id.
    resources: [arn('secretsmanager', 'secret:Warehouses*')],
  },
  {
    // Has no resource level.
    sid: 'Passwords',
    types: types('SecretsManager', 'Secret'),
    actions: actions('secretsmanager', 'GetRandomPassword'),
    resources: ['*'],
  },
];
