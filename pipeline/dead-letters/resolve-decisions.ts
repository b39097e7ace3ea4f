/** Decisions to send a letter again of which it is not known whether it was sent: Kafka knows. */
import type { CompiledContract } from '../contract/compiled-contract.ts';
import type { ObjectStore, PartitionOffsets, TopicReader } from '../ports.ts';
import { type Attempt, noteSent } from './decision-log.ts';
import { REPLAY_OF } from './letter.ts';

export interface ResolvedDecisions {
  /** Letters that were found in Kafka, which is noted now. */
  readonly found: number;
  /** Letters that were not sent and may be, with the attempt that came to nothing. */
  readonly retry: ReadonlyMap<string, Attempt>;
  /** Letters of which nothing can be said yet, or any more, and why. */
  readonly waiting: ReadonlyMap<string, string>;
}

interface ResolvePorts {
  readonly contract: CompiledContract;
  readonly lake: ObjectStore;
  readonly reader: TopicReader;
  readonly now: () => number;
}

/** Much longer than a run may take from its decision to its sending: its record is in Kafka by then, or never will be. */
const DOUBT_MS = 600_000;

const DIED = 'a run died while sending it, and';
const BEFORE_RETENTION = `${DIED} Kafka’s retention has deleted what would tell whether it did`;
const BEHIND_TRANSACTION = `${DIED} a producer’s open transaction hides what would tell whether it did; wait for its end`;

/** Reads each partition with doubtful letters once, from the earliest decision on. Memory: the decisions. */
export async function resolveDecisions(
  unresolved: ReadonlyMap<string, Attempt>,
  { contract, lake, reader, now }: ResolvePorts,
): Promise<ResolvedDecisions> {
  const waiting = new Map<string, string>();
  const doubtful = new Map<string, Attempt>();
  for (const [id, attempt] of unresolved) {
    if (now() - Date.parse(attempt.decision.at) < DOUBT_MS) {
      waiting.set(id, 'being sent by another run, or by one that died less than ten minutes ago');
    } else {
      doubtful.set(id, attempt);
    }
  }
  if (doubtful.size === 0) {
    return { found: 0, retry: new Map(), waiting };
  }
  const retry = new Map<string, Attempt>();
  let found = 0;
  const { name: topic } = contract.topic;
  for (const [partition, attempts] of Map.groupBy(doubtful, ([id]) => partitionOf(id))) {
    // Asked for first: what was sent by now lies before it, and has been read if the other reaches as far.
    const end = await reader.end(topic, partition);
    const offsets = await reader.offsets(topic);
    const watermarks = offsets.find((each) => each.partition === partition) ?? { partition, low: 0, high: 0 };
    const first = Math.min(...attempts.map(([, { decision }]) => decision.from));
    const sent = await findReplays(reader, topic, watermarks, first);
    for (const [id, attempt] of attempts) {
      const offset = sent.get(id);
      if (offset !== undefined) {
        await noteSent(lake, id, offset);
        found++;
      } else if (watermarks.high < end) {
        waiting.set(id, BEHIND_TRANSACTION);
      } else if (attempt.decision.from >= watermarks.low) {
        retry.set(id, attempt);
      } else {
        waiting.set(id, BEFORE_RETENTION);
      }
    }
  }
  return { found, retry, waiting };
}

const partitionOf = (id: string): number => Number(id.slice(0, id.indexOf('-')));

/** The offsets of records that were sent again, by the id of their letters. */
async function findReplays(
  reader: TopicReader,
  topic: string,
  { partition, low, high }: PartitionOffsets,
  from: number,
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const first = Math.max(from, low);
  if (first >= high) {
    return found;
  }
  for await (const records of reader.read(topic, { partition, first, next: high })) {
    for (const { offset, headers } of records) {
      const [, id] = headers.find(([name]) => name === REPLAY_OF) ?? [];
      if (id !== undefined) {
        found.set(Buffer.from(id).toString('utf8'), offset);
      }
    }
  }
  return found;
}
