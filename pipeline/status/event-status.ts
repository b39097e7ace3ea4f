/** Where the records of one event are at the moment: a look, no proof. */
import type { CompiledContract } from '../contract/compiled-contract.ts';
import { COMMIT_PREFIX, REJECTED_PREFIX } from '../contract/names.ts';
import { decidedIds } from '../dead-letters/decision-log.ts';
import { letterId } from '../dead-letters/letter.ts';
import { readDeadLetters } from '../dead-letters/read-dead-letters.ts';
import { secondsBetween } from '../metrics.ts';
import type { ObjectStore, PartitionOffsets, TopicReader, Warehouse, WarehouseTable } from '../ports.ts';
import type { Commit } from '../sink/commit.ts';
import { readCommit } from '../sink/commit-log.ts';

export interface StatusPorts {
  readonly contract: CompiledContract;
  readonly lake: ObjectStore;
  readonly table: WarehouseTable;
  readonly warehouse: Pick<Warehouse, 'ledger'>;
  /** Undefined leaves Kafka out: what it holds, and for how long. */
  readonly reader: TopicReader | undefined;
  readonly loadMessages: () => Promise<LoadMessages>;
}

/** Messages about commits: on their way, and given up. */
export interface LoadMessages {
  readonly waiting: number;
  readonly failed: number;
}

/** Records are counted by their offsets, since the topic began. */
export interface EventStatus {
  /** Null without Kafka. */
  readonly inKafka: number | null;
  readonly committed: number;
  readonly loaded: number;
  /** In Kafka and not committed; null without Kafka. */
  readonly lag: number | null;
  /** Age of the oldest record that is not committed, 0 when there is none; null without Kafka. */
  readonly freshnessSeconds: number | null;
  /** Open ones: neither sent again nor discarded. */
  readonly deadLetters: number;
  /** More than `deadLetters`: there are too many to be counted. */
  readonly moreDeadLetters: boolean;
  readonly messages: LoadMessages;
  readonly health: Health;
}

/** The first that is true. */
export type Health = 'loads failed' | 'lake is behind' | 'warehouse is behind' | 'ok';

/** A load that takes longer has failed at least once. */
const LOAD_SECONDS_MAX = 900;
const REJECTED_OBJECTS_MAX = 100;

/** Reads the head of each chain, one record of each partition that is behind, the ledger and some dead letters. */
export async function eventStatus(ports: StatusPorts, now: number): Promise<EventStatus> {
  const { contract, lake, reader, table, warehouse } = ports;
  const [watermarks, ledger, letters, messages] = await Promise.all([
    reader?.offsets(contract.topic.name),
    warehouse.ledger(table),
    countDeadLetters(lake),
    ports.loadMessages(),
  ]);
  const heads = await readHeads(lake, contract.topic.partitions);
  const committed = sum(heads.map((head) => head?.next ?? 0));
  const loaded = sum(ledger.map(({ start, next }) => next - start));
  const waits = watermarks && (await Promise.all(watermarks.map((mark) => oldestWaiting(mark, heads, ports))));
  const freshnessSeconds = waits ? secondsBetween(Math.min(now, ...waits.flatMap((at) => at ?? [])), now) : null;
  const lastRecordAt = Math.max(0, ...heads.map((head) => head?.timestamps.max ?? 0));
  const isUnloaded = loaded < committed && secondsBetween(lastRecordAt, now) > LOAD_SECONDS_MAX;
  return {
    inKafka: watermarks ? sum(watermarks.map(({ high }) => high)) : null,
    committed,
    loaded,
    lag: watermarks ? sum(watermarks.map((mark) => mark.high - waitingFrom(mark, heads))) : null,
    freshnessSeconds,
    ...letters,
    messages,
    health: health(messages, (freshnessSeconds ?? 0) > contract.freshnessSeconds, isUnloaded),
  };
}

function health({ failed }: LoadMessages, isLakeBehind: boolean, isWarehouseBehind: boolean): Health {
  if (failed > 0) {
    return 'loads failed';
  }
  if (isLakeBehind) {
    return 'lake is behind';
  }
  return isWarehouseBehind ? 'warehouse is behind' : 'ok';
}

/** The newest commit of each partition; undefined where there is none yet. */
const readHeads = (lake: ObjectStore, partitions: number): Promise<Array<Commit | undefined>> =>
  Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const [head] = await lake.list({ prefix: `${COMMIT_PREFIX}${partition}/`, keysMax: 1 });
      return head && readCommit(lake, head.key);
    }),
  );

/** What retention has deleted waits no more. */
const waitingFrom = ({ partition, low, high }: PartitionOffsets, heads: readonly (Commit | undefined)[]): number =>
  Math.min(high, Math.max(low, heads[partition]?.next ?? 0));

/** The Kafka timestamp of the first record that is not committed; undefined when all are. */
async function oldestWaiting(
  mark: PartitionOffsets,
  heads: readonly (Commit | undefined)[],
  { contract, reader }: StatusPorts,
): Promise<number | undefined> {
  const { partition, high: next } = mark;
  const range = { partition, first: waitingFrom(mark, heads), next };
  if (reader && range.first < next) {
    for await (const [record] of reader.read(contract.topic.name, range)) {
      if (record) {
        return record.timestamp;
      }
    }
  }
  return undefined;
}

async function countDeadLetters(lake: ObjectStore): Promise<Pick<EventStatus, 'deadLetters' | 'moreDeadLetters'>> {
  const objects = await lake.list({ prefix: REJECTED_PREFIX, keysMax: REJECTED_OBJECTS_MAX });
  if (objects.length === 0) {
    return { deadLetters: 0, moreDeadLetters: false };
  }
  const [decided, ...letters] = await Promise.all([
    decidedIds(lake),
    ...objects.map(({ key }) => readDeadLetters(lake, key)),
  ]);
  const open = letters.flat().filter((letter) => !decided.has(letterId(letter)));
  return { deadLetters: open.length, moreDeadLetters: objects.length === REJECTED_OBJECTS_MAX };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
