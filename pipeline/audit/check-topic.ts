/** Whether the commits hold what Kafka holds, as far as its retention still lets anyone look. */
import type { KafkaRecord, ObjectStore, OffsetRange, PartitionOffsets, TopicReader } from '../ports.ts';
import { valueChecksum } from '../sink/record-reader.ts';
import type { Chain, ChainCommit } from './chain.ts';
import { rowChecksums, rowOffsets } from './commit-offsets.ts';
import { type Fault, fault, offsetList, spanOf } from './fault.ts';

export interface TopicPorts {
  readonly lake: ObjectStore;
  readonly reader: TopicReader;
  readonly topic: string;
}

export interface TopicAudit {
  /** Records that Kafka holds and that the commits hold in the same way. */
  readonly verified: number;
  /** Records that no commit covers, and Kafka holds. */
  readonly uncommitted: number;
  readonly faults: readonly Fault[];
}

/** What Kafka holds of the offsets of one commit. */
interface Tally {
  readonly owner: ChainCommit;
  records: number;
  checksum: number;
  /** Whether the first and the last record are the ones that were committed. */
  isSameTopic: boolean;
}

/**
 * Reads the partition once, from the first commit that retention has left whole. Memory: a few fetches.
 * @param chain undefined when nothing of the partition was committed.
 */
export async function checkPartition(
  { partition, low, high }: PartitionOffsets,
  chain: Chain | undefined,
  ports: TopicPorts,
): Promise<TopicAudit> {
  const end = chain?.end ?? 0;
  if (high < end) {
    const faults = [topicReplaced(partition, end, `the topic ends at offset ${high}`)];
    return { verified: 0, uncommitted: 0, faults };
  }
  const faults: Fault[] = [];
  const reachesEnd = chain?.reachesEnd ?? true;
  if (low > end && reachesEnd) {
    const message = 'Kafka’s retention deleted them before they were committed; raise topic.retentionHours';
    faults.push(fault('RETENTION', message, { partition, first: end, next: low, lost: low - end }));
  }
  const retained = chain?.commits.filter(({ commit }) => commit.start >= low) ?? [];
  const range = {
    partition,
    first: retained[0]?.commit.start ?? Math.max(end, low),
    next: reachesEnd ? high : (retained.at(-1)?.commit.next ?? 0),
  };
  const { tallies, beyond: uncommitted } = await tallyRecords(retained, end, range, ports);
  let verified = 0;
  for (const tally of tallies) {
    const { commit } = tally.owner;
    const expected = commit.rows + (commit.rejected?.count ?? 0);
    const isSame = tally.records === expected && tally.checksum === commit.checksum + (commit.rejected?.checksum ?? 0);
    verified += isSame ? tally.records : 0;
    if (!tally.isSameTopic) {
      const reason = `a record of offsets ${commit.first} to ${commit.last} is not the one that was committed`;
      faults.push(topicReplaced(partition, end, reason));
      break;
    }
    if (!isSame) {
      faults.push(...(await compareOffsets(tally.owner, partition, ports)));
    }
  }
  return { verified, uncommitted, faults };
}

/** The offsets of the chain are those of another topic, which had the same name. */
export function topicReplaced(partition: number, end: number, reason: string): Fault {
  const message = `Offsets up to ${end} were committed, but ${reason}: the topic was deleted and made again`;
  return fault('TOPIC_REPLACED', message, { partition, first: 0, next: end });
}

/** @returns a tally for each commit, and how many records are beyond the end of all commits. */
async function tallyRecords(
  commits: readonly ChainCommit[],
  end: number,
  range: OffsetRange,
  { reader, topic }: TopicPorts,
): Promise<{ readonly tallies: readonly Tally[]; readonly beyond: number }> {
  const tallies = commits.map((owner): Tally => ({ owner, records: 0, checksum: 0, isSameTopic: true }));
  let at = 0;
  let beyond = 0;
  if (range.first < range.next) {
    for await (const records of reader.read(topic, range)) {
      for (const record of records) {
        while (record.offset >= (tallies[at]?.owner.commit.next ?? Number.POSITIVE_INFINITY)) {
          at++;
        }
        const tally = tallies[at];
        if (tally) {
          count(tally, record);
        }
        beyond += record.offset >= end ? 1 : 0;
      }
    }
  }
  return { tallies, beyond };
}

function count(tally: Tally, record: KafkaRecord): void {
  const { start, first, last, ends } = tally.owner.commit;
  // In a hole before the commit.
  if (record.offset < start) {
    return;
  }
  const checksum = valueChecksum(record);
  tally.records++;
  tally.checksum += checksum;
  tally.isSameTopic &&= record.offset !== first || checksum === ends.first;
  tally.isSameTopic &&= record.offset !== last || checksum === ends.last;
}

/** Which offsets differ; none when retention deleted them while the audit ran. */
async function compareOffsets({ key, commit }: ChainCommit, partition: number, ports: TopicPorts): Promise<Fault[]> {
  const { start, next, rejected, gaps } = commit;
  const inKafka = new Map<number, number>();
  for await (const records of ports.reader.read(ports.topic, { partition, first: start, next })) {
    for (const record of records) {
      inKafka.set(record.offset, valueChecksum(record));
    }
  }
  const low = (await ports.reader.offsets(ports.topic)).find((each) => each.partition === partition)?.low ?? next;
  if (low > start) {
    return [];
  }
  const rows = (await rowOffsets(ports.lake, commit)) ?? [];
  const inLake = (await rowChecksums(ports.lake, commit)) ?? new Map<number, number>();
  const missing = [...inKafka.keys()].filter((offset) => gaps.some((gap) => offset >= gap.first && offset < gap.next));
  const absent = rows.filter((offset) => !inKafka.has(offset));
  const different = rows.filter(
    (offset) => inLake.has(offset) && inKafka.has(offset) && inLake.get(offset) !== inKafka.get(offset),
  );
  const found = (offsets: readonly number[], message: string, lost: number) =>
    offsets.length === 0 ? [] : [fault('KAFKA_DIFFERS', message, { partition, ...spanOf(offsets), lost })];
  const faults = [
    ...found(missing, `Kafka has records at ${offsetList(missing)}, which "${key}" passes over`, missing.length),
    ...found(absent, `Kafka has no records at ${offsetList(absent)}, which "${key}" has rows of`, 0),
    ...found(different, `Kafka has other values than "${key}" at ${offsetList(different)}`, different.length),
  ];
  const counts = `${inKafka.size} records in Kafka, ${commit.rows} rows and ${rejected?.count ?? 0} dead letters`;
  const details = { partition, first: start, next, lost: 1 };
  return faults.length > 0 ? faults : [fault('KAFKA_DIFFERS', `"${key}" adds up to other records: ${counts}`, details)];
}
