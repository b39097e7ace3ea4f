/** The values that the platform's stack hands to the events' stacks. */
import { CfnOutput, Fn } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { PLATFORM_STACK } from '../pipeline/contract/names.ts';

/** The platform's outputs. Their logical ids are fixed: every deployed event stack names them. */
export interface PlatformValues {
  /** Where producers send events; routes such as `/v1/events` follow on it. */
  readonly IngestUrl: string;
  readonly ClusterArn: string;
  /** `host:port` pairs of the IAM listener, separated by commas. */
  readonly BootstrapBrokers: string;
  /** What a topic's ARN begins with, up to the slash before the topic's name. */
  readonly TopicArnPrefix: string;
  /** What a consumer group's ARN begins with, up to the slash before the group's id. */
  readonly ConsumerGroupArnPrefix: string;
  readonly SchemaRegistryArn: string;
  /** The SNS topic that hears of every alarm. */
  readonly AlarmTopicArn: string;
  /** Where functions that read Kafka have their network interfaces: one in each zone. */
  readonly FunctionSubnetId1: string;
  readonly FunctionSubnetId2: string;
  readonly FunctionSubnetId3: string;
  /** The security group of those functions: the brokers let it in. */
  readonly FunctionSecurityGroupId: string;
  /** With which Redshift's COPY and Snowflake's storage integration read lakes; each lake's policy lets it in. */
  readonly WarehouseReaderRoleArn?: string;
  /** Holds the tables of Athena under `tables/`, and its queries' results under `results/`. */
  readonly WarehouseBucketName?: string;
  readonly RedshiftWorkgroupArn?: string;
  /** For people; no function may read it. */
  readonly RedshiftAdminSecretArn?: string;
  /** Name and password of the loaders' database user, as Redshift's Data API wants them. */
  readonly RedshiftSecretArn?: string;
  /** The private key of Snowflake's user, PKCS#8 in PEM, as the secret's plain text. */
  readonly SnowflakeSecretArn?: string;
}

/** Declares the outputs, on the platform's stack itself so that their ids have no prefix. */
export function outputPlatformValues(stack: Construct, values: PlatformValues): void {
  for (const [id, value] of Object.entries(values)) {
    new CfnOutput(stack, id, { value });
  }
}

/**
 * Reads a platform value in an event's stack. It renders as
 * `{"Fn::GetStackOutput": {"StackName": "Platform", "OutputName": "ClusterArn"}}`.
 * CloudFormation resolves it when the event's stack is created or updated: a weak reference, so that the platform can
 * change an output at any time, and the event's stack takes up the change with its next deployment.
 * The event's template depends on nothing of the platform but these names.
 */
export const platformValue = (id: keyof PlatformValues): string => Fn.getStackOutput(PLATFORM_STACK, id);

/** Three outputs, because `Fn::Split` is not among the functions that may hold `Fn::GetStackOutput`. */
export const functionSubnetIds = (): string[] =>
  (['FunctionSubnetId1', 'FunctionSubnetId2', 'FunctionSubnetId3'] as const).map(platformValue);
