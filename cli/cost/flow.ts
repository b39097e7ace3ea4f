/** How often the stages of an event run, and what they write. */
import { TIME_PARTS } from '../../pipeline/contract/lake-partitions.ts';
import { ASSUMED, eventSample } from './measured.ts';
import type { EventShape } from './shape.ts';

/** What comes in. */
export interface EventLoad {
  readonly eventsPerSecond: number;
  /** Of an event as JSON in a request. */
  readonly bytes: number;
  readonly eventsPerRequest: number;
  /**
   * Values that the payload's columns of `lake.partitionBy` have together: folders, without those of the time.
   * @default ten for each such column
   */
  readonly folders?: number | undefined;
}

/** Each second, but for the last. */
export interface Flow {
  readonly sinkRuns: number;
  readonly commits: number;
  readonly loadRuns: number;
  /** One for each folder that the events of a commit fall into. */
  readonly filesPerCommit: number;
}

/** Of the JSON of a batch. */
const BATCH_BYTES = 6e6;
/** From the longest to the shortest. */
const TIME_PART_SECONDS: Readonly<Record<string, number>> = {
  year: 365 * 86_400,
  month: 30 * 86_400,
  day: 86_400,
  hour: 3_600,
};

/**
 * A stream's batch ends at its window, at 10,000 records or at 6 MB of JSON; a drain runs by its schedule, and ends a
 * commit when it has read so many bytes of a partition. Records are spread over all partitions.
 */
export function flowOf(shape: EventShape, load: EventLoad): Flow {
  const { trigger, loaderBatchSize, loaderWindowSeconds } = shape;
  const { sinkRuns, commitsPerRun } = trigger.kind === 'stream' ? streamRuns(shape, load) : drainRuns(shape, load);
  const commits = sinkRuns * commitsPerRun;
  const loadRuns = Math.max(commits / loaderBatchSize, Math.min(commits, 1 / Math.max(1, loaderWindowSeconds)));
  const records = commits === 0 ? 0 : load.eventsPerSecond / commits;
  const openMax = shape.lake.partitionBy.length === 0 ? 1 : shape.lake.openPartitionsMax + 1;
  const seconds = sinkRuns === 0 ? 0 : 1 / sinkRuns;
  // What has no folder any more shares one file.
  const filesPerCommit = Math.min(foldersOf(shape, load, records, seconds), openMax);
  return { sinkRuns, commits, loadRuns, filesPerCommit };
}

/**
 * The expected number of folders of so many records, which happened within so many seconds: the payload's columns have
 * each value as often as any other, and a record is as young as the batch that it comes in.
 */
export function foldersOf({ lake }: EventShape, { folders }: EventLoad, records: number, seconds: number): number {
  const columns = lake.partitionBy.filter((name) => !TIME_PARTS.has(name)).length;
  const ofPayload = columns === 0 ? 1 : (folders ?? ASSUMED.valuesOfFolderColumn ** columns);
  const parts = lake.partitionBy.flatMap((name) => TIME_PART_SECONDS[name] ?? []);
  const ofTime = parts.length === 0 ? 1 : 1 + seconds / Math.min(...parts);
  return placesWithRecords(ofPayload * ofTime, records);
}

interface Runs {
  readonly sinkRuns: number;
  readonly commitsPerRun: number;
}

function streamRuns({ trigger, partitions }: EventShape, { eventsPerSecond, bytes }: EventLoad): Runs {
  const { batchSize, windowSeconds } = trigger as Extract<EventShape['trigger'], { kind: 'stream' }>;
  const recordsMax = Math.min(batchSize, Math.floor(BATCH_BYTES / eventSample(bytes).lambdaEventBytes));
  const sinkRuns = Math.max(eventsPerSecond / recordsMax, Math.min(eventsPerSecond, 1 / Math.max(1, windowSeconds)));
  return { sinkRuns, commitsPerRun: sinkRuns === 0 ? 0 : placesWithRecords(partitions, eventsPerSecond / sinkRuns) };
}

function drainRuns({ trigger, partitions }: EventShape, { eventsPerSecond, bytes }: EventLoad): Runs {
  const { everySeconds, commitBytes } = trigger as Extract<EventShape['trigger'], { kind: 'drain' }>;
  const records = eventsPerSecond * everySeconds;
  const full = (records * eventSample(bytes).kafkaBytes) / commitBytes;
  return { sinkRuns: 1 / everySeconds, commitsPerRun: Math.max(placesWithRecords(partitions, records), full) };
}

/** The expected number of places, partitions or folders, that get one of the records, each to a place by chance. */
const placesWithRecords = (places: number, records: number): number => places * (1 - (1 - 1 / places) ** records);
