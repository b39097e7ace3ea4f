/** The stack of one event. */
import { Annotations, CfnOutput, PermissionsBoundary, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { CompiledContract } from '../pipeline/contract/compiled-contract.ts';
import { eventStackName, ROLE_BOUNDARY } from '../pipeline/contract/names.ts';
import { LOAD_QUEUE } from './config.ts';
import { EventAlarms } from './event/alarms.ts';
import { catalogEntry } from './event/catalog-entry.ts';
import { contractAsset } from './event/contract-asset.ts';
import { eventDashboard } from './event/dashboard.ts';
import { Lake } from './event/lake.ts';
import { Loader } from './event/loader.ts';
import { RegisteredSchema } from './event/registered-schema.ts';
import { Schedules } from './event/schedules.ts';
import { Sink } from './event/sink.ts';
import { eventTopic } from './event/topic.ts';
import { isLoadedOnAws } from './event/warehouse-access.ts';
import { WorkQueue } from './work-queue.ts';

/** Topic, schema, lake, queue, sink, loader and catalog entry. The template depends on the contract alone. */
export class EventStack extends Stack {
  constructor(scope: Construct, contract: CompiledContract) {
    const { event, owner } = contract;
    super(scope, eventStackName(event), {
      description: `Headrace: the event ${event}`,
      suppressTemplateIndentation: true,
      permissionsBoundary: PermissionsBoundary.fromName(ROLE_BOUNDARY),
      // Of the stack: CloudFormation gives them to every resource, and the template need not name them at each.
      tags: { 'headrace:event': event, 'headrace:owner': owner },
    });
    if (!isLoadedOnAws(contract)) {
      // No warning: that would fail every strict synthesis of events that are right for the laptop.
      Annotations.of(this).addInfoV2('headrace:NoWarehouse', noWarehouse(event));
    }

    const topic = eventTopic(this, 'Topic', contract);
    const { versionIds: schemaVersionIds } = new RegisteredSchema(this, 'Registered', contract);
    const asset = contractAsset(this, contract);
    const { queue, deadLetterQueue } = new WorkQueue(this, 'Load', LOAD_QUEUE);
    const { bucket: lake } = new Lake(this, 'Lake', queue);
    const schedules = new Schedules(this, 'Schedules');
    const sink = new Sink(this, 'Sink', { contract, asset, topic, schemaVersionIds, lake, schedules });
    const loader = new Loader(this, 'Loader', { contract, asset, queue, lake, schedules });
    const observed = {
      contract,
      sinkFunctionName: sink.functionName,
      loaderFunctionName: loader.functionName,
      loadQueueName: queue.queueName,
      deadLetterQueueName: deadLetterQueue.queueName,
    };
    const { alarms } = new EventAlarms(this, 'Alarms', observed);
    eventDashboard(
      this,
      'Dashboard',
      observed,
      alarms.map(({ attrArn }) => attrArn),
    );
    // Last of all: from now on the proxy accepts the event, or sends its new schema version. Nothing may fail after it,
    // because a deployment that is rolled back takes the topic and the schema versions that it made with it.
    const everythingElse = [...this.node.children];
    catalogEntry(this, 'CatalogEntry', { event, asset, schemaVersionIds }).node.addDependency(...everythingElse);

    const outputs = {
      TopicName: contract.topic.name,
      LakeBucketName: lake.bucketName,
      LoadQueueUrl: queue.queueUrl,
      LoadDeadLetterQueueUrl: deadLetterQueue.queueUrl,
      SinkFunctionName: sink.functionName,
      LoaderFunctionName: loader.functionName,
      WarehouseUrl: loader.warehouseUrl,
    };
    for (const [id, value] of Object.entries(outputs)) {
      new CfnOutput(this, id, { value });
    }
  }
}

const noWarehouse = (event: string): string =>
  `On AWS the rows of ${event} reach its lake and no table: the warehouse target "duckdb" is a file of the laptop's. ` +
  'Name another in its event.yaml, such as "warehouse: { target: athena }", or redshift, or snowflake.';
