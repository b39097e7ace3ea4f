/** The ingest API and the proxy behind it. */
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { ProxyEnv } from '../../lambdas/proxy/env.ts';
import { API_NAME, CATALOG_PATH, INGEST_PATH } from '../../pipeline/contract/names.ts';
import { assetBucketName, objectArn } from '../asset-bucket.ts';
import { KAFKA_IAM_PROPERTIES, PROXY } from '../config.ts';
import { NETWORK_INTERFACES, NodeFunction, type Permission } from '../node-function.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import type { Network } from './network.ts';

/** What the proxy runs in and writes to. */
export interface IngestApiProps {
  readonly network: Network;
  readonly cluster: KafkaCluster;
  /** `host:port` pairs, separated by commas. */
  readonly bootstrapBrokers: string;
}

/** Callers sign their requests with IAM (`execute-api:Invoke`). */
export class IngestApi extends Construct {
  readonly url: string;

  constructor(scope: Construct, id: string, { network, cluster, bootstrapBrokers }: IngestApiProps) {
    super(scope, id);
    const environment = {
      KAFKA_BROKERS: bootstrapBrokers,
      KAFKA_CLIENT_PROPERTIES: KAFKA_IAM_PROPERTIES,
      CATALOG_PATH,
    } satisfies ProxyEnv;
    const proxy = new NodeFunction(this, 'Proxy', {
      source: 'proxy',
      description: 'Validates events and writes them to Kafka',
      size: PROXY,
      environment,
      permissions: [NETWORK_INTERFACES, ...produce(cluster), ...readCatalog(Stack.of(this))],
      network: { vpc: network.vpc, subnets: network.subnets, securityGroup: network.proxySecurityGroup },
    });
    const api = new HttpApi(this, 'Api', {
      apiName: API_NAME,
      description: 'Headrace: events in',
      defaultAuthorizer: new HttpIamAuthorizer(),
    });
    api.addRoutes({
      path: INGEST_PATH,
      methods: [HttpMethod.POST],
      integration: new HttpLambdaIntegration('ProxyIntegration', proxy.resource),
    });
    this.url = api.apiEndpoint;
  }
}

/** Every topic of the cluster: a new event needs no deployment of the platform. */
const produce = (cluster: KafkaCluster): Permission[] => [
  { actions: ['kafka-cluster:Connect', 'kafka-cluster:WriteDataIdempotently'], resources: [cluster.arn] },
  {
    actions: ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'],
    resources: [`${cluster.topicArnPrefix}/*`],
  },
];

/** Every event's entry and compiled contract, for the same reason; contracts are the assets that end in `.json`. */
const readCatalog = (stack: Stack): Permission[] => [
  {
    actions: ['ssm:GetParameter'],
    resources: [stack.formatArn({ service: 'ssm', resource: `parameter${CATALOG_PATH}`, resourceName: '*' })],
  },
  { actions: ['s3:GetObject'], resources: [objectArn(assetBucketName(), '*.json')] },
];
