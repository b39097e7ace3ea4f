/** What the warehouse holds beyond the commits. */
import type { LedgerEntry, ObjectStore, OutsideRows } from '../ports.ts';
import { type Chain, chainEnd, partitionsOf } from './chain.ts';
import type { TablePorts } from './check-table.ts';
import { type Fault, fault } from './fault.ts';

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

/** Rows at offsets that the chains do not reach, of partitions that have none too. */
export async function unexplainedRows(
  chains: readonly Chain[],
  ledger: Ledger,
  ports: TablePorts,
  isWhole: boolean,
): Promise<Fault[]> {
  const ends = explainedEnds(chains, ledger, ports.partitions);
  const look = isWhole ? rowsOutside : rowsPastEnds;
  let found = await look(ends, ports);
  for (let again = 0; again < LOOKS_MAX && found.length > 0; again++) {
    // They may be of commits that were written and loaded since the chains were read.
    for (const [partition, end] of ends) {
      ends.set(partition, Math.max(end, await chainEnd(ports.lake, partition)));
    }
    found = await look(ends, ports);
  }
  return found.map(unexpectedRows);
}

/** Where each partition's offsets end by the chains and by the ledger, whose entries are faults of their own. */
function explainedEnds(chains: readonly Chain[], ledger: Ledger, partitions: number): Map<number, number> {
  const cut = chains.filter(({ reachesEnd }) => !reachesEnd).map(({ partition }) => partition);
  const ends = new Map(
    partitionsOf(chains, partitions)
      .filter((partition) => !cut.includes(partition))
      .map((partition) => [partition, chains.find((chain) => chain.partition === partition)?.end ?? 0]),
  );
  for (const { partition, next } of [...ledger.values()].flat()) {
    if (!cut.includes(partition)) {
      ends.set(partition, Math.max(ends.get(partition) ?? 0, next));
    }
  }
  return ends;
}

type Look = (ends: ReadonlyMap<number, number>, ports: TablePorts) => Promise<readonly OutsideRows[]>;

/** Goes through the whole table. */
const rowsOutside: Look = (ends, { warehouse, table }) =>
  warehouse.outside(
    table,
    [...ends].map(([partition, next]) => ({ partition, first: 0, next })),
  );

/** Goes through the newest rows only, as an audit of a window should. */
const rowsPastEnds: Look = async (ends, { warehouse, table }) => {
  const tails = [...ends].map(([partition, first]) => ({ partition, first, next: Number.MAX_SAFE_INTEGER }));
  const measures = await warehouse.measure(table, tails);
  const found: OutsideRows[] = [];
  for (const tail of tails.filter((_, index) => measures[index]?.rows !== 0)) {
    const offsets = await warehouse.offsetsOf(table, tail);
    const [first = null, last = null] = [offsets[0], offsets.at(-1)];
    found.push({ partition: tail.partition, rows: offsets.length, first, last });
  }
  return found.filter(({ rows }) => rows > 0);
};

function unexpectedRows({ partition, rows, first, last }: OutsideRows): Fault {
  const where = `${partition === null ? ' without a partition' : ''}${first === null ? ' without an offset' : ''}`;
  return fault('UNEXPECTED_ROWS', `The table has rows${where} that no commit explains`, {
    ...(partition !== null && { partition }),
    ...(first !== null && { first, next: (last ?? first) + 1 }),
    duplicated: rows,
  });
}
