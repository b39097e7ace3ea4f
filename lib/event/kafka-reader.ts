/** What a function needs that reads an event's topic itself. */
import type { CfnFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
import { KAFKA_IAM_PROPERTIES } from '../config.ts';
import { NETWORK_INTERFACES, type Permission } from '../node-function.ts';
import { functionSubnetIds, platformValue } from '../platform-values.ts';

/** The environment of such a function, whatever else it has. */
export const kafkaEnvironment = (): { KAFKA_BROKERS: string; KAFKA_CLIENT_PROPERTIES: string } => ({
  KAFKA_BROKERS: platformValue('BootstrapBrokers'),
  KAFKA_CLIENT_PROPERTIES: KAFKA_IAM_PROPERTIES,
});

/** Reading without a consumer group. */
export const readTopic = ({ topic }: CompiledContract): Permission[] => [
  NETWORK_INTERFACES,
  { actions: ['kafka-cluster:Connect'], resources: [platformValue('ClusterArn')] },
  {
    actions: ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'],
    resources: [`${platformValue('TopicArnPrefix')}/${topic.name}`],
  },
];

/** Puts the function where it reaches the brokers. */
export function joinKafkaNetwork(resource: LambdaFunction): void {
  (resource.node.defaultChild as CfnFunction).vpcConfig = {
    subnetIds: functionSubnetIds(),
    securityGroupIds: [platformValue('FunctionSecurityGroupId')],
  };
}
