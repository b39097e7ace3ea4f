/** The ingest proxy behind the HTTP API: a thin host over `pipeline/ingest`. */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { kafkaConfig } from '../../pipeline/adapters/kafka-connection.ts';
import { kafkajsProducer } from '../../pipeline/adapters/kafkajs-producer.ts';
import { ssmCatalog } from '../../pipeline/adapters/ssm-catalog.ts';
import { type IngestPorts, ingest } from '../../pipeline/ingest/ingest.ts';
import { logMetrics } from '../../pipeline/metrics.ts';
import { proxyEnv } from './env.ts';

const env = proxyEnv();
const connection = { brokers: env.KAFKA_BROKERS, clientProperties: env.KAFKA_CLIENT_PROPERTIES };
const ports: IngestPorts = {
  catalog: ssmCatalog(env.CATALOG_PATH, Date.now),
  producer: kafkajsProducer(kafkaConfig(connection)),
  now: Date.now,
  random: Math.random,
};

export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  const { status, headers, body: answer, counts, faults } = await ingest({ headers: event.headers, body }, ports);
  for (const error of faults) {
    console.error(JSON.stringify({ level: 'ERROR', error }));
  }
  for (const [name, count] of Object.entries(counts.accepted)) {
    logMetrics({ event: name }, { Accepted: count });
  }
  for (const [name, count] of Object.entries(counts.rejected)) {
    logMetrics({ problem: name }, { Refused: count });
  }
  return { statusCode: status, headers: { ...headers }, body: answer };
}
