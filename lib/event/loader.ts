/** The function that loads commits into the warehouse, and its trigger. */
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { LoaderEnv } from '../../lambdas/loader/env.ts';
import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
import { COMMIT_PREFIX, DATA_PREFIX, REJECTED_PREFIX } from '../../pipeline/contract/names.ts';
import { AUDIT, LOADER, LOADER_TRIGGER, SWEEP_MINUTES } from '../config.ts';
import { NodeFunction } from '../node-function.ts';
import type { ContractAsset } from './contract-asset.ts';
import type { Schedules } from './schedules.ts';
import { warehouseAccess } from './warehouse-access.ts';

/** What a load reads, and an audit. */
const LAKE_PREFIXES = [DATA_PREFIX, COMMIT_PREFIX, REJECTED_PREFIX] as const;

/** What the loader is told by, and what it reads. */
export interface LoaderProps {
  readonly contract: CompiledContract;
  readonly asset: ContractAsset;
  readonly queue: Queue;
  readonly lake: Bucket;
  readonly schedules: Schedules;
}

/**
 * A message that fails comes back by itself, without its batch; after the queue's maximum it is a dead letter. What no
 * message tells of is found by a sweep over the commit log, and what went wrong all the same by an audit.
 */
export class Loader extends Construct {
  readonly functionName: string;
  /** Where the warehouse is, for commands that look into it. */
  readonly warehouseUrl: string;

  constructor(scope: Construct, id: string, { contract, asset, queue, lake, schedules }: LoaderProps) {
    super(scope, id);
    const warehouse = warehouseAccess(contract, lake);
    const environment = {
      CONTRACT_BUCKET: asset.bucketName,
      CONTRACT_KEY: asset.key,
      LAKE_BUCKET: lake.bucketName,
      LOAD_QUEUE_URL: queue.queueUrl,
      WAREHOUSE_URL: warehouse.url,
    } satisfies LoaderEnv;
    const { resource } = new NodeFunction(this, 'Loader', {
      source: 'loader',
      description: `Loads commits of ${contract.event} into the warehouse`,
      size: LOADER,
      environment,
      permissions: [
        asset.read,
        {
          actions: ['s3:GetObject'],
          resources: LAKE_PREFIXES.map((prefix) => lake.arnForObjects(`${prefix}*`)),
        },
        {
          actions: ['s3:ListBucket'],
          resources: [lake.bucketArn],
          conditions: { StringLike: { 's3:prefix': LAKE_PREFIXES.map((prefix) => `${prefix}*`) } },
        },
        {
          actions: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage', 'sqs:SendMessage'],
          resources: [queue.queueArn],
        },
        ...warehouse.permissions,
      ],
      // A native module: it would have to be the one for Lambda's processor, whatever the laptop's is.
      external: ['@duckdb/node-api'],
    });
    new CfnEventSourceMapping(this, 'Trigger', {
      functionName: resource.functionArn,
      eventSourceArn: queue.queueArn,
      batchSize: LOADER_TRIGGER.batchSize,
      maximumBatchingWindowInSeconds: LOADER_TRIGGER.windowSeconds,
      scalingConfig: { maximumConcurrency: LOADER_TRIGGER.concurrencyMax },
      functionResponseTypes: ['ReportBatchItemFailures'],
    });
    schedules.add('Sweep', {
      description: `Loads commits of ${contract.event} that no notification told of`,
      everyMinutes: SWEEP_MINUTES,
      target: resource,
      input: { sweep: true },
    });
    schedules.add('Audit', {
      description: `Compares the commits of ${contract.event} with the warehouse`,
      everyMinutes: AUDIT.everyMinutes,
      target: resource,
      input: { audit: { hours: AUDIT.hours } },
    });
    this.functionName = resource.functionName;
    this.warehouseUrl = warehouse.url;
  }
}
