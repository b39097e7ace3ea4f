/** What any role of the stacks may do at most, whatever its own policy says: the stacks' own resources, and no IAM. */
import { CLUSTER_NAME } from '../../pipeline/contract/names.ts';
import { WAREHOUSES } from '../config.ts';
import { NETWORK_INTERFACES } from '../node-function.ts';
import { actions, arn, BUCKETS_OF_STACKS, type Grant, ofStacks } from './grant.ts';

type Bound = Pick<Grant, 'sid' | 'actions' | 'resources'>;

const OF_KAFKA = ['cluster', 'topic', 'group'].map((kind) => arn('kafka', `${kind}/${CLUSTER_NAME}/*`));

/** Of functions, schedules, the flow log and the warehouses' reader. */
export const BOUNDARY: readonly Bound[] = [
  {
    sid: 'Logs',
    actions: actions('logs', 'CreateLogStream DescribeLogStreams PutLogEvents'),
    resources: ofStacks('logs', 'log-group:'),
  },
  { sid: 'NetworkInterfaces', actions: NETWORK_INTERFACES.actions, resources: NETWORK_INTERFACES.resources },
  {
    sid: 'Kafka',
    actions: [
      ...actions('kafka', 'DescribeCluster DescribeClusterV2 GetBootstrapBrokers'),
      ...actions(
        'kafka-cluster',
        `AlterGroup Connect DescribeClusterDynamicConfiguration DescribeGroup DescribeTopic ReadData WriteData
         WriteDataIdempotently`,
      ),
    ],
    resources: OF_KAFKA,
  },
  { sid: 'Catalog', actions: actions('ssm', 'GetParameter'), resources: [arn('ssm', 'parameter/headrace/*')] },
  {
    sid: 'Contracts',
    actions: actions('s3', 'GetObject'),
    resources: ['arn:aws:s3:::cdk-hnb659fds-assets-*/*.json'],
  },
  {
    sid: 'Buckets',
    actions: actions('s3', 'AbortMultipartUpload DeleteObject GetBucketLocation GetObject ListBucket PutObject'),
    resources: BUCKETS_OF_STACKS,
  },
  {
    sid: 'Queues',
    actions: actions('sqs', 'DeleteMessage GetQueueAttributes ReceiveMessage SendMessage'),
    resources: ofStacks('sqs'),
  },
  { sid: 'Functions', actions: actions('lambda', 'InvokeFunction'), resources: ofStacks('lambda', 'function:') },
  {
    sid: 'Secrets',
    actions: actions('secretsmanager', 'GetSecretValue'),
    resources: [arn('secretsmanager', 'secret:Warehouses*')],
  },
  {
    sid: 'Redshift',
    actions: actions('redshift-data', 'BatchExecuteStatement'),
    resources: [arn('redshift-serverless', 'workgroup/*')],
  },
  {
    sid: 'RedshiftStatements',
    actions: actions('redshift-data', 'DescribeStatement GetStatementResult ListStatements'),
    resources: ['*'],
  },
  {
    sid: 'Athena',
    actions: actions('athena', 'GetQueryExecution GetQueryResults StartQueryExecution'),
    resources: [arn('athena', `workgroup/${WAREHOUSES.athena.workgroup}`)],
  },
  {
    sid: 'Tables',
    actions: actions('glue', 'CreateTable GetDatabase GetDatabases GetPartitions GetTable GetTables UpdateTable'),
    resources: ['catalog', `database/${WAREHOUSES.athena.database}`, `table/${WAREHOUSES.athena.database}/*`].map(
      (resource) => arn('glue', resource),
    ),
  },
  {
    sid: 'DefaultDatabase',
    actions: actions('glue', 'GetDatabase GetDatabases'),
    resources: [arn('glue', 'database/default')],
  },
];
