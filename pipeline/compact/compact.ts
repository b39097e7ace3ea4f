/** The compaction of a lake: the small files of commits that have settled become few large ones. */
import type { CompiledContract } from '../contract/compiled-contract.ts';
import { COMMIT_PREFIX } from '../contract/names.ts';
import type { ObjectStore } from '../ports.ts';
import type { Commit, DataFile } from '../sink/commit.ts';
import { listCommits, readCommit } from '../sink/commit-log.ts';
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
  /** A run of commits also ends with this many rows, which bounds the time that it takes. */
  readonly rowsMax: number;
  /** Younger commits are left alone: they may still be read by loads, and more may come to merge with them. */
  readonly settledAfterMs: number;
  /** A run with less than `fileBytes` waits for more, but not longer than until its first commit is this old. */
  readonly waitsUntilMs: number;
  /** With less time left no further run is begun. */
  readonly reserveMs: number;
}

export const COMPACT_LIMITS: CompactLimits = {
  fileBytes: 128_000_000,
  rowsMax: 4_000_000,
  settledAfterMs: 24 * 3_600_000,
  waitsUntilMs: 7 * 24 * 3_600_000,
  reserveMs: 60_000,
};

/**
 * Adds compactions to the chains of all partitions, as far as commits have settled and time allows.
 *
 * Exactly once: of two compactors that merge the same commits one record is created, and the files of both have the
 * same names. A crash before the record leaves files that no record names. Memory: one source file and one row group.
 */
export async function compactLake(ports: CompactPorts, limits: CompactLimits): Promise<Compaction[]> {
  const made: Compaction[] = [];
  for (let partition = 0; partition < ports.contract.topic.partitions; partition++) {
    const start = (await lastCompaction(ports.lake, partition))?.next ?? 0;
    for (const run of runsOf(await settledCommits(partition, start, ports, limits), ports.now(), limits)) {
      if (ports.timeLeftMs() < limits.reserveMs) {
        return made;
      }
      const compaction = await compactRun(run, ports, limits);
      if (compaction === undefined) {
        break;
      }
      made.push(compaction);
    }
  }
  return made;
}

interface SettledCommit {
  readonly commit: Commit;
  readonly committedAt: number;
}

/** From `start` on, in the order of their offsets. */
async function settledCommits(
  partition: number,
  start: number,
  { lake, now }: CompactPorts,
  { settledAfterMs }: CompactLimits,
): Promise<SettledCommit[]> {
  const settled: Array<{ readonly key: string; readonly committedAt: number }> = [];
  const settledBefore = now() - settledAfterMs;
  for await (const { key, place, modifiedAt } of listCommits(lake, `${COMMIT_PREFIX}${partition}/`)) {
    if (place && place.start < start) {
      break;
    }
    if (place && modifiedAt <= settledBefore) {
      settled.push({ key, committedAt: modifiedAt });
    }
  }
  const commits: SettledCommit[] = [];
  for (const { key, committedAt } of settled.reverse()) {
    commits.push({ commit: await readCommit(lake, key), committedAt });
  }
  return commits;
}

/** Consecutive commits of one schema version that make files of about the wanted size. */
function* runsOf(
  commits: readonly SettledCommit[],
  now: number,
  { fileBytes, rowsMax, waitsUntilMs }: CompactLimits,
): Generator<Commit[]> {
  let run: SettledCommit[] = [];
  let folders = new Map<string, number>();
  const take = (): Commit[] => {
    const taken = run.map(({ commit }) => commit);
    run = [];
    folders = new Map();
    return taken;
  };
  for (const settled of commits) {
    if (run[0] && run[0].commit.schemaVersion !== settled.commit.schemaVersion) {
      yield take();
    }
    run.push(settled);
    for (const { key, bytes } of settled.commit.files) {
      folders.set(folderOf(key), (folders.get(folderOf(key)) ?? 0) + bytes);
    }
    const rows = run.reduce((sum, { commit }) => sum + commit.rows, 0);
    if (rows >= rowsMax || [...folders.values()].some((size) => size >= fileBytes)) {
      yield take();
    }
  }
  if (run[0] && now - run[0].committedAt >= waitsUntilMs) {
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
