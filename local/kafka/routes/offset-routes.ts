/** Committed offsets: OffsetCommit, OffsetFetch, OffsetDelete and TxnOffsetCommit. */

import type { RequestOf } from '../../../pipeline/kafka/api.ts';
import { errorCode, KafkaError } from '../../../pipeline/kafka/error-code.ts';
import { offsetCommit, offsetDelete, offsetFetch } from '../../../pipeline/kafka/group-apis.ts';
import { txnOffsetCommit } from '../../../pipeline/kafka/transaction-apis.ts';
import type { CommittedOffset } from '../groups/committed-offsets.ts';
import { abortable, attempt, type BrokerState, type Route, route } from './route.ts';

type GivenOffsets = RequestOf<typeof offsetCommit>['topics'];
type WantedOffsets = RequestOf<typeof offsetFetch>['topics'];

/** The first version of TxnOffsetCommit that knows TRANSACTION_ABORTABLE (KIP-890). */
const abortableVersion = 4;
/** `offset.metadata.max.bytes` of Apache Kafka. */
const metadataBytesMax = 4096;

export function offsetRoutes(state: BrokerState): readonly Route[] {
  const { groups, transactions } = state;
  return [
    route(offsetCommit, (request) => ({
      topics: keepKnown(state, request.topics, (offsets) => groups.commit(request.groupId, request, offsets)),
    })),
    route(txnOffsetCommit, (request, { version }) => {
      const topics = keepKnown(state, request.topics, (offsets) => {
        transactions.checkGroup(request, request.groupId);
        groups.checkCommit(request.groupId, request, true);
        groups.offsets.commitInTransaction(request.producerId, request.groupId, offsets);
      });
      return {
        topics: topics.map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map(({ partition, errorCode }) => ({
            partition,
            errorCode: abortable(errorCode, version >= abortableVersion),
          })),
        })),
      };
    }),
    route(offsetFetch, (request, { version }) => {
      const { groupId, topics, requireStable } = request;
      if (version < 8) return { topics: committed(state, groupId, topics, requireStable) };
      return {
        groups: request.groups.map((wanted) => ({
          groupId: wanted.groupId,
          topics: committed(state, wanted.groupId, wanted.topics, requireStable),
          errorCode: errorCode.none,
        })),
      };
    }),
    route(offsetDelete, (request) => deleteOffsets(state, request)),
  ];
}

/** Offsets of topics that a member consumes are kept: it would go on from its own position, and commit it again. */
function deleteOffsets({ groups }: BrokerState, { groupId, topics }: RequestOf<typeof offsetDelete>) {
  if (!groups.offsets.has(groupId)) throw new KafkaError('groupIdNotFound', `Cannot find group "${groupId}"`);
  const group = groups.find(groupId);
  const isUsed = (topic: string) => group !== undefined && group.state !== 'Empty' && group.isSubscribedTo(topic);
  groups.offsets.remove(
    groupId,
    topics.flatMap(({ topic, partitions }) => (isUsed(topic) ? [] : partitions.map((one) => ({ topic, ...one })))),
  );
  const done = topics.map(({ topic, partitions }) => {
    const code = isUsed(topic) ? errorCode.groupSubscribedToTopic : errorCode.none;
    return { topic, partitions: partitions.map((one) => ({ ...one, errorCode: code })) };
  });
  return { errorCode: errorCode.none, topics: done };
}

/** Hands the offsets of partitions that exist to `keep`, and answers for each partition. */
function keepKnown(state: BrokerState, topics: GivenOffsets, keep: (offsets: readonly CommittedOffset[]) => void) {
  const judged = topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((given) => ({ given, ...attempt(() => checkOffset(state, topic, given)) })),
  }));
  const offsets = judged.flatMap(({ partitions }) =>
    partitions.flatMap(({ value }) => (value === undefined ? [] : [value])),
  );
  const kept = attempt(() => keep(offsets));
  return judged.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ given: { partition }, errorCode }) => ({
      partition,
      errorCode: kept.errorCode || errorCode,
    })),
  }));
}

function checkOffset(
  state: BrokerState,
  topic: string,
  given: GivenOffsets[number]['partitions'][number],
): CommittedOffset {
  const { partition, committedOffset: offset, committedLeaderEpoch: leaderEpoch, committedMetadata: metadata } = given;
  state.topics.log(topic, partition);
  if (metadata !== null && Buffer.byteLength(metadata) > metadataBytesMax) {
    throw new KafkaError(
      'offsetMetadataTooLarge',
      `Cannot keep metadata: at most ${metadataBytesMax} bytes are allowed`,
    );
  }
  return { topic, partition, offset, leaderEpoch, metadata };
}

function committed({ groups: { offsets } }: BrokerState, group: string, wanted: WantedOffsets, requireStable: boolean) {
  const asked = wanted ?? allPartitions(offsets.all(group));
  return asked.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((partition) => {
      if (requireStable && offsets.isUnstable(group, topic, partition)) {
        return { partition, errorCode: errorCode.unstableOffsetCommit };
      }
      const known = offsets.find(group, topic, partition);
      if (known === undefined) return { partition, errorCode: errorCode.none };
      const { offset: committedOffset, leaderEpoch: committedLeaderEpoch, metadata } = known;
      return { partition, committedOffset, committedLeaderEpoch, metadata: metadata ?? '', errorCode: errorCode.none };
    }),
  }));
}

function allPartitions(offsets: readonly CommittedOffset[]) {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of offsets) topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
