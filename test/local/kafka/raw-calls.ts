/** What raw requests need first: a topic that is led, records, a producer's id. */

import * as data from '../../../pipeline/kafka/data-apis.ts';
import { errorCode } from '../../../pipeline/kafka/error-code.ts';
import * as group from '../../../pipeline/kafka/group-apis.ts';
import * as topic from '../../../pipeline/kafka/topic-apis.ts';
import * as transaction from '../../../pipeline/kafka/transaction-apis.ts';
import type { RawClient } from './raw-client.ts';
import { type TestBatch, testBatch } from './test-records.ts';

/** Of two partitions. */
export async function createTopic(
  client: RawClient,
  newTopic: string,
  config: Readonly<Record<string, string>> = {},
): Promise<void> {
  expect((await tryCreateTopic(client, newTopic, config)).errorCode).toBe(errorCode.none);
  // A real broker needs a moment to know and to lead a topic that its controller has just created.
  while (!(await isLed(client, newTopic)));
}

export async function tryCreateTopic(
  client: RawClient,
  newTopic: string,
  config: Readonly<Record<string, string>> = {},
): Promise<{ readonly errorCode: number; readonly errorMessage: string | null }> {
  const configs = Object.entries(config).map(([name, value]) => ({ name, value }));
  const wanted = { topic: newTopic, partitionCount: 2, replicationFactor: 1, assignments: [], configs };
  const { topics } = await client.call(topic.createTopics, 7, { topics: [wanted], timeoutMs: 5000 });
  return topics[0] ?? { errorCode: -99, errorMessage: null };
}

async function isLed(client: RawClient, target: string): Promise<boolean> {
  const partitions = [0, 1].map((partition) => ({ partition, timestamp: -1 }));
  const answer = await client.call(data.listOffsets, 7, { replicaId: -1, topics: [{ topic: target, partitions }] });
  return answer.topics.every((each) => each.partitions.every(({ errorCode: code }) => code === errorCode.none));
}

export async function produceTo(
  client: RawClient,
  target: string,
  partition: number,
  batch: TestBatch,
  transactionalId: string | null = null,
): Promise<{ readonly code: number; readonly baseOffset: number }> {
  const topics = [{ topic: target, partitions: [{ partition, records: testBatch(batch) }] }];
  const answer = await client.call(data.produce, 11, { transactionalId, acks: -1, timeoutMs: 5000, topics });
  const { errorCode: code, baseOffset } = answer.topics[0]?.partitions[0] ?? { errorCode: -99, baseOffset: -99 };
  return { code, baseOffset };
}

/** @param claimed the producer that asks for its next epoch. */
export async function initProducer(
  client: RawClient,
  transactionalId: string | null,
  transactionTimeoutMs = 10_000,
  claimed: { readonly producerId?: number; readonly producerEpoch?: number } = {},
): Promise<{ readonly errorCode: number; readonly producerId: number; readonly producerEpoch: number }> {
  // A coordinator of a new id may need a moment.
  for (;;) {
    const request = { transactionalId, transactionTimeoutMs, ...claimed };
    const answer = await client.call(transaction.initProducerId, 5, request);
    const isBusy = [errorCode.coordinatorNotAvailable, errorCode.notCoordinator, errorCode.concurrentTransactions];
    if (!isBusy.some((code) => code === answer.errorCode)) return answer;
    if (transactionalId !== null) {
      await client.call(group.findCoordinator, 4, { keyType: 1, coordinatorKeys: [transactionalId] });
    }
  }
}
