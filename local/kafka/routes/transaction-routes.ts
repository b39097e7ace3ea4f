/** The APIs of idempotent and transactional producers. */

import type { RequestOf, ResponseOf } from '../../../pipeline/kafka/api.ts';
import { errorCode } from '../../../pipeline/kafka/error-code.ts';
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  describeProducers,
  describeTransactions,
  endTxn,
  initProducerId,
  listTransactions,
} from '../../../pipeline/kafka/transaction-apis.ts';
import { attempt, type BrokerState, type Route, route } from './route.ts';

/** Before this version of each API clients know only the older name of `producerFenced`. */
const producerFencedVersion = { addPartitions: 2, addOffsets: 2, endTxn: 2, initProducerId: 4 };

export function transactionRoutes(state: BrokerState): readonly Route[] {
  const { transactions } = state;
  return [
    route(initProducerId, ({ transactionalId, transactionTimeoutMs, ...claimed }, { version }) => {
      const { value, errorCode } = attempt(() =>
        transactions.initProducer(transactionalId, transactionTimeoutMs, claimed),
      );
      return { errorCode: fenced(errorCode, version >= producerFencedVersion.initProducerId), ...value };
    }),
    route(addPartitionsToTxn, (request, { version }) =>
      addPartitions(state, request, version >= producerFencedVersion.addPartitions),
    ),
    route(addOffsetsToTxn, (request, { version }) => {
      const { errorCode } = attempt(() => transactions.addGroup(request, request.groupId));
      return { errorCode: fenced(errorCode, version >= producerFencedVersion.addOffsets) };
    }),
    route(endTxn, (request, { version }) => {
      const { errorCode } = attempt(() => transactions.end(request, request.committed));
      return { errorCode: fenced(errorCode, version >= producerFencedVersion.endTxn) };
    }),
    route(describeTransactions, ({ transactionalIds }) => ({
      transactions: transactionalIds.map((transactionalId) => describeTransaction(state, transactionalId)),
    })),
    route(listTransactions, ({ stateFilters, producerIdFilters }) => ({
      errorCode: errorCode.none,
      transactions: [...transactions.all]
        .filter(({ state }) => stateFilters.length === 0 || stateFilters.includes(state))
        .filter(({ producerId }) => producerIdFilters.length === 0 || producerIdFilters.includes(producerId))
        .map(({ transactionalId, producerId, state }) => ({ transactionalId, producerId, state })),
    })),
    route(describeProducers, ({ topics }) => ({
      topics: topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map((partition) => {
          const { value, ...error } = attempt(() => activeProducers(state, topic, partition));
          return { partition, ...error, ...(value === undefined ? {} : { activeProducers: value }) };
        }),
      })),
    })),
  ];
}

function fenced(code: number, knowsProducerFenced: boolean): number {
  return code === errorCode.producerFenced && !knowsProducerFenced ? errorCode.invalidProducerEpoch : code;
}

/** All or nothing: one unknown partition keeps the others out as well. */
function addPartitions(
  { topics, transactions }: BrokerState,
  request: RequestOf<typeof addPartitionsToTxn>,
  knowsProducerFenced: boolean,
): ResponseOf<typeof addPartitionsToTxn> {
  const wanted = request.topics.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
  const isKnown = ({ topic, partition }: { topic: string; partition: number }) =>
    topics.find(topic)?.logs[partition] !== undefined;
  const areKnown = wanted.every(isKnown);
  const added = areKnown ? attempt(() => transactions.addPartitions(request, wanted)) : undefined;
  const codeFor = (topic: string, partition: number) => {
    if (added !== undefined) return fenced(added.errorCode, knowsProducerFenced);
    return isKnown({ topic, partition }) ? errorCode.operationNotAttempted : errorCode.unknownTopicOrPartition;
  };
  return {
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((partition) => ({ partition, errorCode: codeFor(topic, partition) })),
    })),
  };
}

function describeTransaction({ transactions }: BrokerState, transactionalId: string) {
  const known = transactions.find(transactionalId);
  if (known === undefined) return { errorCode: errorCode.transactionalIdNotFound, transactionalId };
  const { state, timeoutMs, startedAt: startTimeMs, producerId, epoch: producerEpoch } = known;
  const names = [...new Set(known.partitions.map(({ topic }) => topic))];
  const topics = names.map((topic) => ({
    topic,
    partitions: known.partitions.filter((one) => one.topic === topic).map(({ partition }) => partition),
  }));
  return {
    errorCode: errorCode.none,
    transactionalId,
    state,
    timeoutMs,
    startTimeMs,
    producerId,
    producerEpoch,
    topics,
  };
}

function activeProducers({ topics }: BrokerState, topic: string, partition: number) {
  return [...topics.log(topic, partition).producers.producers].map((producer) => ({
    producerId: producer.producerId,
    producerEpoch: producer.epoch,
    lastSequence: producer.recent.at(-1)?.lastSequence ?? -1,
    lastTimestamp: producer.lastTimestamp,
    coordinatorEpoch: -1,
    currentTxnStartOffset: producer.transactionStart ?? -1,
  }));
}
