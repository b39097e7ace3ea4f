/** What the warehouse holds beyond the commits. */
import type { LedgerEntry, ObjectStore, OffsetRange } from '../ports.ts';
import { type Chain, chainEnd } from './chain.ts';
import type { TablePorts } from './check-table.ts';
import { type Fault, fault, offsetList, spanOf } from './fault.ts';

/** The ledger by the commits' keys. */
export type Ledger = ReadonlyMap<string, readonly LedgerEntry[]>;

const LOOKS_MAX = 3;

/** Entries of commits that the chains do not have. */
export async function unexplainedEntries(
  chains: readonly Chain[],
  ledger: Ledger,
  { lake }: TablePorts,
): Promise<Fault[]> {
  const keys = new Set(chains.flatMap(({ commits }) => commits.map(({ key }) => key)));
  const faults: Fault[] = [];
  for (const [key, [entry]] of ledger) {
    if (!entry || keys.has(key)) {
      continue;
    }
    const { partition, start, next } = entry;
    const chain = chains.find((each) => each.partition === partition);
    const isInHole = chain?.holes.some((hole) => start >= hole.first && start < hole.next);
    const isNewer = start >= (chain?.end ?? 0) && (await exists(lake, key));
    if (isInHole || isNewer) {
      continue;
    }
    faults.push(
      start >= (chain?.end ?? 0)
        ? fault('MISSING_COMMIT', `"${key}" is missing; the ledger has loaded it`, {
            partition,
            first: start,
            next,
            lost: next - start,
          })
        : fault('BAD_LEDGER', `The ledger has "${key}", which is no commit`, { partition, first: start, next }),
    );
  }
  return faults;
}

/** By LIST: a role that may list only below some prefixes gets 403, not 404, when it reads what is not there. */
async function exists(lake: ObjectStore, key: string): Promise<boolean> {
  const [object] = await lake.list({ prefix: key, keysMax: 1 });
  return object?.key === key;
}

/** Rows past the end of a chain. */
export async function unexplainedRows(
  chains: readonly Chain[],
  ledger: Ledger,
  { lake, warehouse, table }: TablePorts,
): Promise<Fault[]> {
  const entries = [...ledger.values()].flat();
  const tails = chains
    .filter(({ reachesEnd }) => reachesEnd)
    .map(({ partition, end }): OffsetRange => {
      const ends = entries.filter((entry) => entry.partition === partition).map(({ next }) => next);
      return {
        partition,
        first: ends.reduce((most, next) => Math.max(most, next), end),
        next: Number.MAX_SAFE_INTEGER,
      };
    });
  const measures = await warehouse.measure(table, tails);
  const faults: Fault[] = [];
  for (const [index, tail] of tails.entries()) {
    let { first } = tail;
    let rows = measures[index]?.rows ?? 0;
    for (let look = 0; look < LOOKS_MAX && rows > 0; look++) {
      // They may be of commits that were written and loaded since the chain was read.
      first = Math.max(first, await chainEnd(lake, tail.partition));
      rows = (await warehouse.measure(table, [{ ...tail, first }]))[0]?.rows ?? 0;
    }
    if (rows > 0) {
      const offsets = await warehouse.offsetsOf(table, { ...tail, first });
      const message = `The table has rows past the last commit, at ${offsetList(offsets)}`;
      faults.push(
        fault('UNEXPECTED_ROWS', message, { partition: tail.partition, ...spanOf(offsets), duplicated: rows }),
      );
    }
  }
  return faults;
}
