/** The relay behind its queue: a thin host over `pipeline/relay`. */
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { kafkaConfig } from '../../pipeline/adapters/kafka-connection.ts';
import { kafkajsProducer } from '../../pipeline/adapters/kafkajs-producer.ts';
import { jsonLog } from '../../pipeline/log.ts';
import { relayMessages } from '../../pipeline/relay/relay-messages.ts';
import { relayEnv } from './env.ts';

const env = relayEnv();
const producer = kafkajsProducer(
  kafkaConfig({ brokers: env.KAFKA_BROKERS, clientProperties: env.KAFKA_CLIENT_PROPERTIES }),
);

export async function handler({ Records }: SQSEvent, context?: Context): Promise<SQSBatchResponse> {
  const log = jsonLog({ requestId: context?.awsRequestId });
  const messages = Records.map(({ messageId, body }) => ({ id: messageId, body }));
  const { failures } = await relayMessages(messages, producer);
  for (const { id, error } of failures) {
    log.error('Relay failed', error, { messageId: id });
  }
  return { batchItemFailures: failures.map(({ id }) => ({ itemIdentifier: id })) };
}
