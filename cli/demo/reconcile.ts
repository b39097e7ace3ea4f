/** Compares what the API acknowledged with what Kafka, the lake and the warehouse hold. */
import type { Commit } from '../../pipeline/sink/commit.ts';
import { type Answer, query } from '../warehouse-file.ts';
import type { DataSet } from './data-set.ts';
import type { Sent } from './send-events.ts';

export interface Reconciled {
  readonly committed: number;
  readonly deadLetters: number;
  readonly files: number;
  readonly bytes: number;
  readonly rows: number;
  readonly lost: number;
  readonly duplicated: number;
  /** What source and table do not agree on, in sentences. */
  readonly differences: readonly string[];
}

/** @param table the warehouse's, which must exist. */
export async function reconcile(
  warehousePath: string,
  table: string,
  set: DataSet,
  sent: Sent,
  commits: readonly Commit[],
): Promise<Reconciled> {
  const sums = set.checks.map(({ sql }) => `(${sql})::HUGEINT`).join(', ');
  const [identities, values] = (await query(warehousePath, [
    `SELECT _partition, _offset FROM ${table}`,
    `SELECT ${sums} FROM ${table}`,
  ])) as [Answer, Answer];
  const stored = new Set(identities.rows.map(([partition, offset]) => `${partition}:${offset}`));
  const acknowledged = [...sent.offsets].flatMap(([partition, offsets]) => offsets.map((at) => `${partition}:${at}`));
  return {
    committed: total(commits, ({ rows }) => rows),
    deadLetters: total(commits, ({ rejected }) => rejected?.count ?? 0),
    files: total(commits, ({ files }) => files.length),
    bytes: total(commits, ({ files }) => files.reduce((bytes, file) => bytes + file.bytes, 0)),
    rows: identities.rows.length,
    lost: acknowledged.filter((identity) => !stored.has(identity)).length,
    duplicated: identities.rows.length - stored.size,
    differences: differences(set, values),
  };
}

const total = (commits: readonly Commit[], measure: (commit: Commit) => number): number =>
  commits.reduce((sum, commit) => sum + measure(commit), 0);

function differences({ event, checks }: DataSet, { rows }: Answer): string[] {
  return checks.flatMap(({ label, expected }, index) => {
    const found = Number(rows[0]?.[index] ?? Number.NaN);
    return found === expected ? [] : [`${event}: ${label} is ${found} in the warehouse, ${expected} in the source`];
  });
}
