/** Produce, Fetch, ListOffsets, DeleteRecords and OffsetForLeaderEpoch. */

import type { RequestOf, ResponseOf } from '../../../pipeline/kafka/api.ts';
import { deleteRecords, fetch, listOffsets, offsetForLeaderEpoch, produce } from '../../../pipeline/kafka/data-apis.ts';
import { errorCode, KafkaError } from '../../../pipeline/kafka/error-code.ts';
import { zeroUuid } from '../../../pipeline/kafka/wire-type.ts';
import type { PartitionLog } from '../log/partition-log.ts';
import { CloseConnection } from '../server/close-connection.ts';
import type { ReadBuffer } from '../server/read-buffer.ts';
import { logSettings } from '../topic-config.ts';
import { abortable, attempt, type BrokerState, type Route, route } from './route.ts';

/** Kafka's names for timestamps that stand for offsets. */
const wellKnownTimestamp = { latest: -1, earliest: -2, maxTimestamp: -3, earliestLocal: -4, latestTiered: -5 };
/** One answer holds at most this much, whatever the client allows: it bounds the broker's memory. */
const fetchBytesMax = 1024 * 1024;
/** The first version of Produce that knows TRANSACTION_ABORTABLE (KIP-890). */
const abortableVersion = 11;
/** The only leader epoch there is. */
const leaderEpoch = 0;

export function dataRoutes(state: BrokerState): readonly Route[] {
  return [
    route(produce, (request, { version }) => handleProduce(state, request, version)),
    route(fetch, (request, { session }) => handleFetch(state, request, session.readBuffer)),
    route(listOffsets, (request) => ({
      topics: request.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition, timestamp }) => {
          const { errorCode, value } = attempt(() =>
            offsetFor(state.topics.log(topic, partition), timestamp, request.isolationLevel === 1),
          );
          return { partition, errorCode, ...value };
        }),
      })),
    })),
    route(deleteRecords, (request) => ({
      topics: request.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition, offset }) => {
          const { errorCode, value } = attempt(() => deleteBefore(state, topic, partition, offset));
          return { partition, errorCode, ...(value === undefined ? {} : { lowWatermark: value }) };
        }),
      })),
    })),
    route(offsetForLeaderEpoch, (request) => ({
      topics: request.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition }) => {
          const { errorCode, value } = attempt(() => state.topics.log(topic, partition).endOffset);
          return { partition, errorCode, ...(value === undefined ? {} : { leaderEpoch, endOffset: value }) };
        }),
      })),
    })),
  ];
}

function handleProduce(
  state: BrokerState,
  { acks, topics }: RequestOf<typeof produce>,
  version: number,
): ResponseOf<typeof produce> | undefined {
  if (acks < -1 || acks > 1) throw new KafkaError('invalidRequiredAcks', `Cannot wait for "${acks}" acks: -1, 0 or 1`);
  const answer = topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition, records }) => {
      const { value, errorCode, errorMessage } = attempt(() => appendTo(state, topic, partition, records));
      return { partition, errorCode: abortable(errorCode, version >= abortableVersion), errorMessage, ...value };
    }),
  }));
  if (acks !== 0) return { topics: answer };
  // So that the client hears of it at all, as from Apache Kafka.
  const hasFailed = answer.some(({ partitions }) => partitions.some((each) => each.errorCode !== errorCode.none));
  if (hasFailed) throw new CloseConnection('A record without an acknowledgement was refused');
  return undefined;
}

function appendTo(state: BrokerState, topic: string, partition: number, records: Buffer | null) {
  const log = state.topics.log(topic, partition);
  const result = log.append(records ?? Buffer.alloc(0), (header) => {
    if (header.transactional) state.transactions.checkBatch(header, topic, partition);
  });
  return { ...result, logStartOffset: log.startOffset };
}

async function handleFetch(
  state: BrokerState,
  request: RequestOf<typeof fetch>,
  memory: ReadBuffer,
): Promise<ResponseOf<typeof fetch>> {
  // Sessions (KIP-227) save bytes between many partitions; id 0 tells the client that it has none.
  if (request.sessionId !== 0) return { errorCode: errorCode.fetchSessionIdNotFound, topics: [] };
  const deadline = state.now() + request.maxWaitMs;
  for (;;) {
    const { answer, bytes, isFinal } = readAll(state, request, memory);
    const waitMs = deadline - state.now();
    if (isFinal || bytes >= request.minBytes || waitMs <= 0) return answer;
    await nextAppend(wantedLogs(state, request), waitMs);
  }
}

function readAll(state: BrokerState, request: RequestOf<typeof fetch>, memory: ReadBuffer) {
  memory.reset();
  const allocate = (bytes: number) => memory.take(bytes);
  let bytes = 0;
  let isFinal = request.topics.length === 0;
  const topics = request.topics.map(({ topic, topicId, partitions }) => ({
    topic,
    topicId,
    partitions: partitions.map(({ partition, fetchOffset, partitionMaxBytes }) => {
      const bytesLeft = Math.min(request.maxBytes, fetchBytesMax) - bytes;
      const { errorCode, value } = attempt(() => {
        const log = logOf(state, topic, topicId, partition);
        const committedOnly = request.isolationLevel === 1;
        const bytesMax = Math.max(0, Math.min(partitionMaxBytes, bytesLeft));
        const { records, aborted, isCut } = log.read({
          offset: fetchOffset,
          bytesMax,
          committedOnly,
          atLeastOne: bytes === 0,
          allocate,
        });
        // Who waits for more than an answer holds would wait in vain.
        isFinal ||= isCut;
        return { records, abortedTransactions: committedOnly ? aborted : null, ...watermarks(log) };
      });
      bytes += value?.records.length ?? 0;
      isFinal ||= errorCode !== 0;
      return { partition, errorCode, ...value };
    }),
  }));
  return { answer: { topics }, bytes, isFinal };
}

function watermarks(log: PartitionLog) {
  return { highWatermark: log.endOffset, lastStableOffset: log.lastStableOffset, logStartOffset: log.startOffset };
}

function logOf(state: BrokerState, topic: string, topicId: string, partition: number): PartitionLog {
  if (topicId === zeroUuid) return state.topics.log(topic, partition);
  const known = state.topics.findById(topicId);
  if (known === undefined) throw new KafkaError('unknownTopicId', `Cannot find topic id "${topicId}": no such topic`);
  return state.topics.log(known.name, partition);
}

function wantedLogs(state: BrokerState, { topics }: RequestOf<typeof fetch>): readonly PartitionLog[] {
  return topics.flatMap(({ topic, topicId, partitions }) => {
    const logs = (topicId === zeroUuid ? state.topics.find(topic) : state.topics.findById(topicId))?.logs ?? [];
    return partitions.map(({ partition }) => logs[partition]).filter((log) => log !== undefined);
  });
}

/** Resolves at the next append to any of the logs, or after `waitMs`. */
function nextAppend(logs: readonly PartitionLog[], waitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
      resolve();
    };
    const timer = setTimeout(done, waitMs).unref();
    const stops = logs.map((log) => log.onAppend(done));
  });
}

function offsetFor(log: PartitionLog, timestamp: number, committedOnly: boolean) {
  const end = committedOnly ? log.lastStableOffset : log.endOffset;
  if (timestamp === wellKnownTimestamp.latest) return { offset: end, leaderEpoch };
  if (timestamp === wellKnownTimestamp.earliest || timestamp === wellKnownTimestamp.earliestLocal) {
    return { offset: log.startOffset, leaderEpoch };
  }
  if (timestamp === wellKnownTimestamp.latestTiered) return { offset: -1 };
  const isMax = timestamp === wellKnownTimestamp.maxTimestamp;
  const wanted = isMax ? log.maxTimestamp : timestamp;
  const found = isMax && wanted < 0 ? undefined : log.recordAt(wanted);
  return found === undefined || found.offset >= end ? { offset: -1 } : { ...found, leaderEpoch };
}

/** Offset -1 stands for the high watermark. */
function deleteBefore({ topics }: BrokerState, topic: string, partition: number, offset: number): number {
  const log = topics.log(topic, partition);
  if (!logSettings(topics.find(topic)?.config ?? {}).deletes) {
    throw new KafkaError('policyViolation', `Cannot delete records of "${topic}": its cleanup.policy lacks delete`);
  }
  const wanted = offset === -1 ? log.endOffset : offset;
  if (wanted < 0 || wanted > log.endOffset) {
    throw new KafkaError('offsetOutOfRange', `Cannot delete before "${offset}": the log ends at ${log.endOffset}`);
  }
  log.startAt(wanted);
  return log.startOffset;
}
