/** The ingest proxy behind the HTTP API: a thin host over `pipeline/ingest`. */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { kafkaConfig } from '../../pipeline/adapters/kafka-connection.ts';
import { kafkajsProducer } from '../../pipeline/adapters/kafkajs-producer.ts';
import { sqsRecordQueue } from '../../pipeline/adapters/sqs-record-queue.ts';
import { ssmCatalog } from '../../pipeline/adapters/ssm-catalog.ts';
import { type IngestCounts, type IngestPorts, ingest } from '../../pipeline/ingest/ingest.ts';
import { jsonLog } from '../../pipeline/log.ts';
import { logMetrics } from '../../pipeline/metrics.ts';
import { TRACED_MAX } from '../../pipeline/trace.ts';
import { proxyEnv } from './env.ts';

const env = proxyEnv();
const connection = { brokers: env.KAFKA_BROKERS, clientProperties: env.KAFKA_CLIENT_PROPERTIES };
const ports: IngestPorts = {
  catalog: ssmCatalog(env.CATALOG_PATH, Date.now),
  producer: kafkajsProducer(kafkaConfig(connection)),
  queue: sqsRecordQueue(env.RELAY_QUEUE_URL),
  now: Date.now,
  random: Math.random,
};

export async function handler(
  event: APIGatewayProxyEventV2,
  context?: Context,
): Promise<APIGatewayProxyStructuredResultV2> {
  const log = jsonLog({ requestId: context?.awsRequestId });
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  const {
    status,
    headers,
    body: answer,
    counts,
    faults,
    traced,
  } = await ingest({ headers: event.headers, body }, ports);
  for (const fault of faults) {
    log.error('records were answered with 503', fault);
  }
  for (const { event: name, partition, offset, traceparent } of traced.slice(0, TRACED_MAX)) {
    log.info('stored', { event: name, partition, offset, traceparent });
  }
  writeMetrics(counts);
  return { statusCode: status, headers: { ...headers }, body: answer };
}

function writeMetrics({ accepted, rejected }: IngestCounts): void {
  for (const [event, count] of Object.entries(accepted)) {
    logMetrics({ event }, { Accepted: count });
  }
  for (const [event, codes] of Object.entries(rejected)) {
    for (const [code, count] of Object.entries(codes)) {
      logMetrics({ event, code }, { Refused: count });
    }
  }
}
