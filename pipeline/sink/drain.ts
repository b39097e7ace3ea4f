/** The sink of the trigger `drain`: reads a topic from where its lake ends to its high watermarks, in large files. */
import type { CompiledContract } from '../contract/compiled-contract.ts';
import type { ObjectStore, PartitionOffsets, TopicReader } from '../ports.ts';
import type { Commit } from './commit.ts';
import type { CommitLog } from './commit-log.ts';
import { freshBatches, type ReadOutcome } from './fresh-batches.ts';
import type { RowEncoder } from './row-encoder.ts';
import { TopicReplacedError } from './same-topic.ts';
import { Window } from './window.ts';

export interface DrainPorts {
  readonly contract: CompiledContract;
  readonly lake: ObjectStore;
  readonly log: CommitLog;
  readonly reader: TopicReader;
  /** One for each partition that is drained at a time; they may be kept for the next run. */
  readonly encoders: readonly RowEncoder[];
  /** Milliseconds until the run must have returned. */
  readonly timeLeftMs: () => number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Is told each commit of this run, and when its first record was taken up. */
  readonly committed: (commit: Commit, startedAt: number) => void;
}

export interface DrainLimits {
  /** A commit ends with the record that reaches it, and memory grows with it; see `Window.isFull`. */
  readonly inputBytesMax: number;
  /** With less time left no further record is read: what was read is written and committed in it. */
  readonly reserveMs: number;
}

/** A partition in the hands of one encoder. */
interface Lane extends DrainPorts {
  readonly rows: RowEncoder;
  readonly offsets: PartitionOffsets;
  readonly limits: DrainLimits;
}

/**
 * Commits what the topic holds and the lake does not, partition by partition, the one with most to do first.
 *
 * Delivery: exactly once, also when runs overlap or die: the commit log lets one writer on, and the others leave the
 * partition to it. Memory: `inputBytesMax`
 * encoded, and a few fetches, for each encoder, however long the backlog. What time does not allow is left for the next
 * run; nothing new writes nothing.
 * @returns how many offsets are left between the chains' ends and the high watermarks that this run saw.
 * @throws AggregateError when partitions failed; the others were drained all the same.
 */
export async function drainTopic(ports: DrainPorts, limits: DrainLimits): Promise<number> {
  const topic = ports.contract.topic.name;
  const backlog: Array<{ readonly offsets: PartitionOffsets; readonly size: number }> = [];
  const failures: unknown[] = [];
  const tryEach = async (work: () => Promise<void>): Promise<void> =>
    work().catch((error) => void failures.push(error));
  const watermarks = await ports.reader.offsets(topic);
  const sizes = watermarks.map((offsets) =>
    tryEach(async () => {
      const head = await ports.log.head(offsets.partition);
      backlog.push({ offsets, size: offsets.high - endOf(head) });
    }),
  );
  await Promise.all(sizes);
  backlog.sort((a, b) => b.size - a.size);
  let behind = 0;
  const lanes = ports.encoders.map(async (rows) => {
    for (let next = backlog.shift(); next; next = backlog.shift()) {
      const { offsets } = next;
      await tryEach(async () => {
        // Not in one step: the other lanes add to it while this one waits.
        const left = await drainPartition({ ...ports, rows, offsets, limits });
        behind += left;
      });
    }
  });
  await Promise.all(lanes);
  if (failures.length > 0) {
    throw new AggregateError(failures, `Cannot drain all of the topic "${topic}": ${failures.map(String).join('; ')}`);
  }
  return behind;
}

const endOf = (head: Commit | undefined): number => head?.next ?? 0;

/** @returns how many offsets are left. */
async function drainPartition(lane: Lane): Promise<number> {
  const { offsets, limits, log, timeLeftMs } = lane;
  const head = await log.head(offsets.partition);
  if (endOf(head) > offsets.high) {
    await checkEnd(endOf(head), lane);
    return 0;
  }
  if (endOf(head) < offsets.high && timeLeftMs() >= limits.reserveMs) {
    await drainFrom(head, lane);
  }
  return Math.max(0, offsets.high - endOf(await log.head(offsets.partition)));
}

/**
 * A chain that ends beyond the high watermark of this run was made longer by another run since, or is of another topic.
 * @throws TopicReplacedError when the topic still ends before it.
 */
async function checkEnd(start: number, lane: Lane): Promise<void> {
  const high = (await offsetsNow(lane))?.high ?? 0;
  if (start > high) {
    const reason = `it ends at offset ${high}, and offsets up to ${start} were committed`;
    throw new TopicReplacedError(lane.contract.topic.name, lane.offsets.partition, reason);
  }
}

/** The run's own offsets may be as old as the run. */
async function offsetsNow({ reader, contract, offsets }: Lane): Promise<PartitionOffsets | undefined> {
  return (await reader.offsets(contract.topic.name)).find(({ partition }) => partition === offsets.partition);
}

/**
 * Ends early when another writer commits first: that one goes on, and to read after it what it reads would be work for
 * nothing.
 */
async function drainFrom(head: Commit | undefined, lane: Lane): Promise<void> {
  const { offsets, limits, log } = lane;
  const { partition, high } = offsets;
  let { low } = offsets;
  let startedAt = lane.now();
  let window = new Window(lane, { partition, after: head, lowWatermark: low });
  const commit = async (): Promise<Commit | undefined> => {
    const written = await window.write();
    if ((await log.append(written)) === 'superseded') {
      return undefined;
    }
    lane.committed(written, startedAt);
    return written;
  };
  const noteRetention = async (offset: number): Promise<void> => {
    if (offset > window.next) {
      // Retention may have gone on since the run began, and what it takes must not pass for a marker.
      low = (await offsetsNow(lane))?.low ?? low;
      window.lowWatermark = low;
    }
  };
  const read: ReadOutcome = { isWhole: true };
  const source = { ...lane, topic: lane.contract.topic.name };
  for await (const batch of freshBatches(head, source, read)) {
    await noteRetention(batch[0]?.offset ?? 0);
    for (const record of batch) {
      window.add(record);
      if (window.isFull(limits.inputBytesMax)) {
        const after = await commit();
        if (!after) {
          return;
        }
        startedAt = lane.now();
        window = new Window(lane, { partition, after, lowWatermark: low });
      }
    }
    if (lane.timeLeftMs() < limits.reserveMs) {
      read.isWhole = false;
      break;
    }
  }
  if (read.isWhole) {
    // A topic may end with a marker, with records that were aborted, or with what retention has taken.
    await noteRetention(high);
    window.skipTo(high, lane.now());
  }
  if (!window.isEmpty) {
    await commit();
  }
  if (read.failure !== undefined) {
    throw read.failure;
  }
}
