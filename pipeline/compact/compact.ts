/** The compaction of a lake: the small files of commits that have settled become few large ones. */
import type { CompiledContract } from '../contract/compiled-contract.ts';
import { COMMIT_PREFIX } from '../contract/names.ts';
import { BrokenInvariantError } from '../errors.ts';
import type { ObjectStore } from '../ports.ts';
import type { Commit, DataFile } from '../sink/commit.ts';
import { type CommitObject, listCommits, readCommit } from '../sink/commit-log.ts';
import { COMPACTION_FORMAT, type Compaction, compactionKey, lastCompaction } from './compaction.ts';
import { mergeFiles } from './merge-files.ts';

export interface CompactPorts {
  readonly contract: CompiledContract;
  readonly lake: ObjectStore;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds until the run must have returned. */
  readonly timeLeftMs: () => number;
}

export interface CompactLimits {
  /** A run of commits ends when a folder's files have this many bytes; about the size of the files that are made. */
  readonly fileBytes: number;
  /** A run of commits also ends with this many rows, or commits and files, which bounds the time that it takes. */
  readonly rowsMax: number;
  readonly objectsMax: number;
  /** Younger commits are left alone: they may still be read by loads, and more may come to merge with them. */
  readonly settledAfterMs: number;
  /** A run with less than `fileBytes` waits for more, but not longer than until its first commit is this old. */
  readonly waitsUntilMs: number;
  /** With less time left no further run is begun. */
  readonly reserveMs: number;
}

const HOUR_MS = 3_600_000;

export const COMPACT_LIMITS: CompactLimits = {
  fileBytes: 128_000_000,
  rowsMax: 4_000_000,
  objectsMax: 2_000,
  settledAfterMs: 24 * HOUR_MS,
  waitsUntilMs: 7 * 24 * HOUR_MS,
  reserveMs: 60_000,
};

/** One after the other, thousands of small objects would take minutes. */
const READS_AT_ONCE = 16;

/**
 * Adds compactions to the chains of all partitions, as far as commits have settled and time allows.
 *
 * Exactly once: of two compactors that merge the same commits one record is created, and the files of both have the
 * same names. A crash before the record leaves files that no record names. Memory: some source files (see `mergeFiles`)
 * and one row group.
 * @throws AggregateError when partitions failed; the others were compacted all the same.
 */
export async function compactLake(ports: CompactPorts, limits: CompactLimits): Promise<Compaction[]> {
  const made: Compaction[] = [];
  const failures: unknown[] = [];
  const { partitions } = ports.contract.topic;
  // Where time does not last for all, each has its turn within some runs.
  const first = Math.floor(ports.now() / HOUR_MS);
  for (let turn = 0; turn < partitions && ports.timeLeftMs() >= limits.reserveMs; turn++) {
    const partition = (first + turn) % partitions;
    await compactPartition(partition, made, ports, limits).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) {
    throw new AggregateError(failures, `Cannot compact all of the lake: ${failures.map(String).join('; ')}`);
  }
  return made;
}

async function compactPartition(
  partition: number,
  made: Compaction[],
  ports: CompactPorts,
  limits: CompactLimits,
): Promise<void> {
  const start = (await lastCompaction(ports.lake, partition))?.next ?? 0;
  const settled = await settledCommits(partition, start, ports, limits);
  for await (const run of runsOf(readCommits(settled, start, ports.lake), ports.now(), limits)) {
    if (ports.timeLeftMs() < limits.reserveMs) {
      return;
    }
    const compaction = await compactRun(run, ports, limits);
    if (compaction === undefined) {
      return;
    }
    made.push(compaction);
  }
}

/**
 * Those from `start` on that settled before the first that has not, in the order of their offsets. Memory: a name for
 * each.
 */
async function settledCommits(
  partition: number,
  start: number,
  { lake, now }: CompactPorts,
  { settledAfterMs }: CompactLimits,
): Promise<CommitObject[]> {
  const commits: CommitObject[] = [];
  for await (const object of listCommits(lake, `${COMMIT_PREFIX}${partition}/`)) {
    if (object.place && object.place.start < start) {
      break;
    }
    if (object.place) {
      commits.push(object);
    }
  }
  commits.reverse();
  const settledBefore = now() - settledAfterMs;
  const unsettled = commits.findIndex(({ modifiedAt }) => modifiedAt > settledBefore);
  return unsettled < 0 ? commits : commits.slice(0, unsettled);
}

interface SettledCommit {
  readonly commit: Commit;
  readonly committedAt: number;
}

/**
 * In their order, no more of them than are asked for and some ahead.
 * @throws BrokenInvariantError when one is missing: the rows of a commit that a compaction passes over are seen by
 * nobody, also when the commit comes back.
 */
async function* readCommits(
  objects: readonly CommitObject[],
  start: number,
  lake: ObjectStore,
): AsyncGenerator<SettledCommit> {
  let next = start;
  for (let at = 0; at < objects.length; at += READS_AT_ONCE) {
    const read = objects
      .slice(at, at + READS_AT_ONCE)
      .map(async ({ key, modifiedAt }) => ({ key, commit: await readCommit(lake, key), committedAt: modifiedAt }));
    for (const { key, ...settled } of await Promise.all(read)) {
      if (settled.commit.start !== next) {
        const reason = `no commit covers offset ${next}, and "${key}" starts at ${settled.commit.start}`;
        throw new BrokenInvariantError(`Cannot compact: ${reason}; headrace audit tells what is missing, restore it`);
      }
      next = settled.commit.next;
      yield settled;
    }
  }
}

/** Consecutive commits of one schema version that make files of about the wanted size. */
async function* runsOf(
  commits: AsyncIterable<SettledCommit>,
  now: number,
  { fileBytes, rowsMax, objectsMax, waitsUntilMs }: CompactLimits,
): AsyncGenerator<Commit[]> {
  let run: Commit[] = [];
  let begunAt = 0;
  let rows = 0;
  let objects = 0;
  const folders = new Map<string, number>();
  const take = (): Commit[] => {
    const taken = run;
    [run, rows, objects] = [[], 0, 0];
    folders.clear();
    return taken;
  };
  for await (const { commit, committedAt } of commits) {
    if (run[0] && run[0].schemaVersion !== commit.schemaVersion) {
      yield take();
    }
    begunAt = run[0] ? begunAt : committedAt;
    run.push(commit);
    rows += commit.rows;
    objects += 1 + commit.files.length;
    for (const { key, bytes } of commit.files) {
      folders.set(folderOf(key), (folders.get(folderOf(key)) ?? 0) + bytes);
    }
    if (rows >= rowsMax || objects >= objectsMax || folders.values().some((size) => size >= fileBytes)) {
      yield take();
    }
  }
  if (run[0] && now - begunAt >= waitsUntilMs) {
    yield take();
  }
}

/** @returns undefined when another compactor came first. */
async function compactRun(
  run: readonly Commit[],
  { contract, lake }: CompactPorts,
  { fileBytes }: CompactLimits,
): Promise<Compaction | undefined> {
  const [first, last] = [run[0], run.at(-1)] as [Commit, Commit];
  const byFolder = Map.groupBy(
    run.flatMap(({ files }) => files),
    ({ key }) => folderOf(key),
  );
  const stem = `compacted-${first.partition}-${first.start}-${last.next}`;
  const files: DataFile[] = [];
  const { schemaVersion } = first;
  for (const [folder, parts] of byFolder) {
    files.push(...(await mergeFiles(parts, { contract, lake, fileBytes, schemaVersion, stem: `${folder}${stem}` })));
  }
  const compaction: Compaction = {
    format: COMPACTION_FORMAT,
    event: first.event,
    topic: first.topic,
    partition: first.partition,
    start: first.start,
    next: last.next,
    commits: run.length,
    rows: run.reduce((sum, { rows }) => sum + rows, 0),
    checksum: run.reduce((sum, { checksum }) => sum + checksum, 0),
    files,
    schemaVersion,
  };
  const key = compactionKey(compaction.partition, compaction.start);
  const outcome = await lake.putIfAbsent(key, Buffer.from(JSON.stringify(compaction)));
  return outcome === 'created' ? compaction : undefined;
}

/** Up to the last slash, with it. */
const folderOf = (key: string): string => key.slice(0, key.lastIndexOf('/') + 1);
