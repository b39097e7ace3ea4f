/** Compares what clients were told with what Kafka, the lake and the warehouse hold. */
import type { Commit } from '../../pipeline/sink/commit.ts';
import type { Acknowledged, Queued } from './record-book.ts';

/** What one event's stages hold at the end. */
export interface Found {
  /** In any order. */
  readonly commits: readonly Commit[];
  /** Next offsets by partition. */
  readonly highWatermarks: ReadonlyMap<number, number>;
  readonly deadLetters: readonly Place[];
  readonly rows: readonly (Place & { readonly id: string })[];
  /** In the files that a reader of the lake reads. */
  readonly lakeRows: number;
  /** Rows whose values are not those that were sent. */
  readonly spoilt: number;
}

export interface Place {
  readonly partition: number;
  readonly offset: number;
}

export interface Verdict {
  readonly accepted: number;
  /** Records that the chain covers: rows and dead letters. */
  readonly committed: number;
  readonly rejected: number;
  readonly loaded: number;
  /** Rows beyond the first of queued events, which the relay may write again. */
  readonly again: number;
  readonly lost: readonly string[];
  readonly duplicated: readonly string[];
  /** Anything else that must not be. */
  readonly wrong: readonly string[];
}

/**
 * Every acknowledged event must be exactly one row or dead letter, where the client was told that it is; every queued
 * one at least one row.
 */
export function reconcile(acknowledged: readonly Acknowledged[], queued: readonly Queued[], found: Found): Verdict {
  const { commits, rows, deadLetters, spoilt } = found;
  const rowIds = new Map(rows.map((row) => [name(row), row.id]));
  const letters = new Set(deadLetters.map(name));
  const copies = countIds([...rowIds.values()]);
  const lost = queued.filter(({ id }) => !copies.has(id)).map(({ id }) => `${id}, which was queued`);
  const wrong: string[] = [];
  for (const event of acknowledged) {
    const at = name(event);
    const isRow = rowIds.get(at) === event.id;
    const fates = [...(isRow ? ['row'] : []), ...(letters.has(at) ? ['dead letter'] : [])];
    if (fates.length === 0) lost.push(`${event.id} at ${at}${rowIds.has(at) ? `, where ${rowIds.get(at)} is` : ''}`);
    else if (fates.join() !== event.fate)
      wrong.push(`${event.id} at ${at} is ${fates.join(' and ')}, not ${event.fate}`);
  }
  if (spoilt > 0) wrong.push(`${spoilt} rows are not as they were sent`);
  return {
    accepted: acknowledged.length + queued.length,
    committed: sum(commits, ({ rows: count, rejected }) => count + (rejected?.count ?? 0)),
    rejected: deadLetters.length,
    loaded: rows.length,
    again: queued.reduce((total, { id }) => total + Math.max(0, (copies.get(id) ?? 0) - 1), 0),
    lost,
    duplicated: [
      ...repeated(rows.map(name)).map((at) => `row ${at}`),
      ...repeated(deadLetters.map(name)).map((at) => `dead letter ${at}`),
      ...repeated(acknowledged.map(name)).map((at) => `acknowledgement ${at}`),
      // What was acknowledged once is there once, under whatever offset.
      ...acknowledged.filter(({ id }) => (copies.get(id) ?? 0) > 1).map(({ id }) => `id ${id}`),
    ],
    wrong: [...wrong, ...chainMistakes(found)],
  };
}

const name = ({ partition, offset }: Place): string => `${partition}:${offset}`;

const sum = (commits: readonly Commit[], count: (commit: Commit) => number): number =>
  commits.reduce((total, commit) => total + count(commit), 0);

function repeated(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.filter((each) => seen.size === seen.add(each).size);
}

function countIds(ids: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/** The chains must tile the offsets from 0 to the end of each partition, without a gap. */
function chainMistakes({ commits, highWatermarks, rows, lakeRows, deadLetters }: Found): string[] {
  const mistakes: string[] = [];
  for (const [partition, end] of highWatermarks) {
    const chain = commits.filter((commit) => commit.partition === partition).toSorted((a, b) => a.start - b.start);
    let next = 0;
    for (const commit of chain) {
      if (commit.start !== next) mistakes.push(`the commit ${partition}:${commit.start} does not follow ${next}`);
      if (commit.gaps.length > 0) mistakes.push(`the commit ${partition}:${commit.start} has gaps`);
      next = commit.next;
    }
    if (next !== end) mistakes.push(`the chain of partition ${partition} ends at ${next}, Kafka at ${end}`);
  }
  const [committedRows, committedLetters] = [
    sum(commits, (commit) => commit.rows),
    sum(commits, ({ rejected }) => rejected?.count ?? 0),
  ];
  if (committedRows !== rows.length) mistakes.push(`${committedRows} rows are committed, ${rows.length} are loaded`);
  if (committedRows !== lakeRows) mistakes.push(`${committedRows} rows are committed, files have ${lakeRows}`);
  if (committedLetters !== deadLetters.length) {
    mistakes.push(`${committedLetters} dead letters are committed, ${deadLetters.length} are found`);
  }
  return mistakes;
}
