/** Whether the compactions stand for the commits that they say. */
import { type Compaction, readCompaction } from '../compact/compaction.ts';
import { COMPACTION_PREFIX } from '../contract/names.ts';
import { listAll } from '../list-all.ts';
import type { ObjectStore } from '../ports.ts';
import type { Chain } from './chain.ts';
import { type Fault, fault } from './fault.ts';
import { unreadable } from './unreadable.ts';

export interface AuditedCompaction {
  readonly key: string;
  readonly compaction: Compaction;
}

export interface CompactionAudit {
  readonly compactions: readonly AuditedCompaction[];
  readonly faults: readonly Fault[];
}

/**
 * Reads all compactions, which are few, and compares each with its commits.
 * @param chains of all commits.
 */
export async function checkCompactions(lake: ObjectStore, chains: readonly Chain[]): Promise<CompactionAudit> {
  const compactions: AuditedCompaction[] = [];
  const faults: Fault[] = [];
  for await (const { key } of listAll(lake, COMPACTION_PREFIX)) {
    try {
      compactions.push({ key, compaction: await readCompaction(lake, key) });
    } catch (error) {
      faults.push(fault('BAD_COMPACTION', unreadable(error)));
    }
  }
  const byPartition = Map.groupBy(compactions, ({ compaction }) => compaction.partition);
  for (const [partition, own] of byPartition) {
    const chain = chains.find((each) => each.partition === partition);
    let expected = 0;
    for (const each of own.toSorted((a, b) => a.compaction.start - b.compaction.start)) {
      const reason =
        each.compaction.start === expected ? differs(each.compaction, chain) : `it should start at ${expected}`;
      if (reason !== undefined) {
        const { start: first, next } = each.compaction;
        const message = `The compaction "${each.key}" does not stand for its commits: ${reason}`;
        faults.push(fault('BAD_COMPACTION', message, { partition, first, next }));
      }
      expected = each.compaction.next;
    }
  }
  return { compactions, faults };
}

function differs(
  { start, next, commits, rows, checksum, files }: Compaction,
  chain: Chain | undefined,
): string | undefined {
  const own = (chain?.commits ?? [])
    .map(({ commit }) => commit)
    .filter((commit) => commit.start >= start && commit.start < next);
  const sum = (measure: (commit: (typeof own)[number]) => number) =>
    own.reduce((total, each) => total + measure(each), 0);
  const inFiles = files.reduce((total, file) => total + file.rows, 0);
  const isSame =
    own[0]?.start === start &&
    own.at(-1)?.next === next &&
    own.length === commits &&
    sum((commit) => commit.rows) === rows &&
    sum((commit) => commit.checksum) === checksum &&
    inFiles === rows;
  return isSame
    ? undefined
    : `it counts ${commits} commits and ${rows} rows (${inFiles} in its files), there are ${own.length} with ${sum((commit) => commit.rows)}`;
}
