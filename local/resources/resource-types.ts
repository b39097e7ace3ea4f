/** Which resource types the host runs, and which have nothing to run on a laptop. */
import { createCustomResource } from './custom-resource.ts';
import type { CreateResource } from './deployment.ts';
import { createEventSourceMapping } from './event-source-mapping.ts';
import { createRegistry, createSchema, createSchemaVersion } from './glue.ts';
import { createApi, createIntegration, createRoute, createStage } from './http-api.ts';
import { createFunction } from './lambda-function.ts';
import { createCluster, createTopic } from './msk.ts';
import { createBucket } from './s3-bucket.ts';
import { createSchedule } from './schedule.ts';
import { createQueue } from './sqs-queue.ts';
import { createParameter } from './ssm-parameter.ts';

const CREATORS: Readonly<Record<string, CreateResource>> = {
  'AWS::ApiGatewayV2::Api': createApi,
  'AWS::ApiGatewayV2::Integration': createIntegration,
  'AWS::ApiGatewayV2::Route': createRoute,
  'AWS::ApiGatewayV2::Stage': createStage,
  'AWS::Glue::Registry': createRegistry,
  'AWS::Glue::Schema': createSchema,
  'AWS::Glue::SchemaVersion': createSchemaVersion,
  'AWS::Lambda::EventSourceMapping': createEventSourceMapping,
  'AWS::Lambda::Function': createFunction,
  'AWS::MSK::Cluster': createCluster,
  'AWS::MSK::Topic': createTopic,
  'AWS::S3::Bucket': createBucket,
  'AWS::SQS::Queue': createQueue,
  'AWS::Scheduler::Schedule': createSchedule,
  'AWS::SSM::Parameter': createParameter,
};

/** Network, permissions, logs and observation: on a laptop everything may reach everything, and logs are files. */
const NOTHING_TO_RUN: ReadonlySet<string> = new Set([
  'AWS::Athena::WorkGroup',
  'AWS::CDK::Metadata',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::EC2::FlowLog',
  'AWS::EC2::RouteTable',
  'AWS::EC2::SecurityGroup',
  'AWS::EC2::SecurityGroupEgress',
  'AWS::EC2::SecurityGroupIngress',
  'AWS::EC2::Subnet',
  'AWS::EC2::SubnetRouteTableAssociation',
  'AWS::EC2::VPC',
  'AWS::EC2::VPCEndpoint',
  'AWS::Glue::Database',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::KMS::Key',
  'AWS::Lambda::Permission',
  'AWS::Logs::LogGroup',
  'AWS::MSK::ClusterPolicy',
  'AWS::MSK::Configuration',
  'AWS::RedshiftServerless::Namespace',
  'AWS::RedshiftServerless::Workgroup',
  'AWS::S3::BucketPolicy',
  'AWS::SecretsManager::Secret',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
  'AWS::Scheduler::ScheduleGroup',
]);

export type ResourceKind = { readonly create: CreateResource } | 'nothing to run' | 'unknown';

/** How the host treats resources of this type. */
export function resourceKind(type: string): ResourceKind {
  const create = CREATORS[type] ?? (type.startsWith('Custom::') ? createCustomResource : undefined);
  if (create !== undefined) return { create };
  return NOTHING_TO_RUN.has(type) ? 'nothing to run' : 'unknown';
}
