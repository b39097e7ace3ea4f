/** The ingest API and the proxy behind it. */
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { ProxyEnv } from '../../lambdas/proxy/env.ts';
import { API_NAME, CATALOG_PATH, INGEST_PATH } from '../../pipeline/contract/names.ts';
import { assetBucketName, objectArn } from '../asset-bucket.ts';
import { KAFKA_IAM_PROPERTIES, LOG_RETENTION, type Stage } from '../config.ts';
import { NETWORK_INTERFACES, NodeFunction, type Permission } from '../node-function.ts';
import { type KafkaCluster, produce } from './kafka-cluster.ts';
import type { Network } from './network.ts';

/** What the proxy runs in and writes to. */
export interface IngestApiProps {
  readonly stage: Stage;
  readonly network: Network;
  readonly cluster: KafkaCluster;
  /** `host:port` pairs, separated by commas. */
  readonly bootstrapBrokers: string;
  /** Where events wait that are answered before they are in Kafka. */
  readonly relayQueue: Queue;
}

/** Callers sign their requests with IAM (`execute-api:Invoke`). */
export class IngestApi extends Construct {
  readonly url: string;
  readonly apiId: string;
  readonly proxyFunctionName: string;

  constructor(scope: Construct, id: string, { stage, network, cluster, bootstrapBrokers, relayQueue }: IngestApiProps) {
    super(scope, id);
    const environment = {
      KAFKA_BROKERS: bootstrapBrokers,
      KAFKA_CLIENT_PROPERTIES: KAFKA_IAM_PROPERTIES,
      CATALOG_PATH,
      RELAY_QUEUE_URL: relayQueue.queueUrl,
    } satisfies ProxyEnv;
    const proxy = new NodeFunction(this, 'Proxy', {
      source: 'proxy',
      description: 'Validates events and writes them to Kafka',
      size: stage.proxy,
      environment,
      permissions: [
        NETWORK_INTERFACES,
        ...produce(cluster),
        ...readCatalog(Stack.of(this)),
        { actions: ['sqs:SendMessage'], resources: [relayQueue.queueArn] },
      ],
      network: { vpc: network.vpc, subnets: network.subnets, securityGroup: network.proxySecurityGroup },
    });
    const api = new HttpApi(this, 'Api', {
      apiName: API_NAME,
      description: 'Headrace: events in',
      defaultAuthorizer: new HttpIamAuthorizer(),
      createDefaultStage: false,
    });
    defaultStage(this, api, stage);
    api.addRoutes({
      path: INGEST_PATH,
      methods: [HttpMethod.POST],
      integration: new HttpLambdaIntegration('ProxyIntegration', proxy.resource),
    });
    this.url = api.apiEndpoint;
    this.apiId = api.apiId;
    this.proxyFunctionName = proxy.resource.functionName;
  }
}

/** One line a request, without its address and content; only values that cannot break the JSON. */
const ACCESS_LOG = {
  requestId: '$context.requestId',
  time: '$context.requestTime',
  caller: '$context.identity.userArn',
  route: '$context.routeKey',
  status: '$context.status',
  latencyMs: '$context.responseLatency',
  responseBytes: '$context.responseLength',
  proxyStatus: '$context.integrationStatus',
  refusal: '$context.error.responseType',
};

function defaultStage(scope: Construct, httpApi: HttpApi, { throttle }: Stage): void {
  const logs = new LogGroup(scope, 'AccessLogs', { retention: LOG_RETENTION, removalPolicy: RemovalPolicy.DESTROY });
  new HttpStage(scope, 'Stage', {
    httpApi,
    stageName: '$default',
    autoDeploy: true,
    throttle: { rateLimit: throttle.requestsPerSecond, burstLimit: throttle.burst },
    accessLogSettings: {
      destination: new LogGroupLogDestination(logs),
      format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
    },
  });
}

/** Every event's entry and compiled contract: a new event needs no deployment of the platform; contracts are the assets that end in `.json`. */
const readCatalog = (stack: Stack): Permission[] => [
  {
    actions: ['ssm:GetParameter'],
    resources: [stack.formatArn({ service: 'ssm', resource: `parameter${CATALOG_PATH}`, resourceName: '*' })],
  },
  { actions: ['s3:GetObject'], resources: [objectArn(assetBucketName(), '*.json')] },
];
