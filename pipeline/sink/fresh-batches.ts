/** What a partition holds beyond its chain. */
import type { KafkaRecord, PartitionOffsets, TopicReader } from '../ports.ts';
import type { Commit } from './commit.ts';
import type { CommitLog } from './commit-log.ts';
import { checkRepeated } from './same-topic.ts';

/** How the reading of a range ended. */
export interface ReadOutcome {
  /** Whether all of it was read: without, what has no record may have one. */
  isWhole: boolean;
  failure?: unknown;
}

export interface FreshSource {
  readonly reader: TopicReader;
  readonly topic: string;
  readonly log: CommitLog;
  /** Of the partition, up to which is read. */
  readonly offsets: PartitionOffsets;
}

/**
 * The records from the head to the high watermark, after a look at the last committed one, which shows that this is the
 * topic that was committed. A batch that cannot be read may stay so, and the good records before it must not wait behind
 * it, run after run: a failure to read only ends the batches, and is told.
 * @throws TopicReplacedError when the last committed record is another one now.
 */
export async function* freshBatches(
  head: Commit | undefined,
  { reader, topic, offsets, log }: FreshSource,
  outcome: ReadOutcome,
): AsyncGenerator<readonly KafkaRecord[]> {
  const { partition, low, high } = offsets;
  const start = head?.next ?? 0;
  const last = head && head.last >= low ? head.last : undefined;
  const read = (first: number, next: number) => untilFailure(reader.read(topic, { partition, first, next }), outcome);
  // With the others where it is next to them. Between them may be millions that were aborted, which Kafka sends as well.
  if (last !== undefined && last + 1 < start) {
    for await (const batch of read(last, last + 1)) {
      await checkRepeated(batch, log);
    }
  }
  if (outcome.failure !== undefined) {
    return;
  }
  for await (const batch of read(last !== undefined && last + 1 === start ? last : start, high)) {
    const fresh = batch.filter(({ offset }) => offset >= start);
    await checkRepeated(batch.slice(0, batch.length - fresh.length), log);
    yield fresh;
  }
}

async function* untilFailure<Batch>(batches: AsyncIterable<Batch>, outcome: ReadOutcome): AsyncGenerator<Batch> {
  try {
    yield* batches;
  } catch (error) {
    outcome.isWhole = false;
    outcome.failure = error;
  }
}
