/** Whether the warehouse holds what the commits say: the ledger each commit once, the table each row once. */
import type { LedgerEntry, ObjectStore, OffsetRange, RangeMeasure, Warehouse, WarehouseTable } from '../ports.ts';
import { type Chain, type ChainCommit, partitionsOf } from './chain.ts';
import { type Ledger, unexplainedEntries, unexplainedRows } from './check-unexplained.ts';
import { rowOffsets } from './commit-offsets.ts';
import { type Fault, fault, offsetList, spanOf } from './fault.ts';
import { findAltered } from './find-altered.ts';

export interface TablePorts {
  /** How many the topic has. */
  readonly partitions: number;
  readonly lake: ObjectStore;
  readonly warehouse: Warehouse;
  readonly table: WarehouseTable;
}

export interface TableLimits {
  /** A commit that was written after this moment may still be on its way. Milliseconds since the epoch. */
  readonly loadedBefore: number;
  /** Whether the chains hold all commits there are. */
  readonly isWhole: boolean;
  /** What the files of commits add up to, by the commits' keys, as far as they were read. */
  readonly placed: ReadonlyMap<string, bigint>;
}

export interface TableAudit {
  /** Rows in the table, and rows of commits on their way into it, by partition. */
  readonly loaded: ReadonlyMap<number, number>;
  readonly unloaded: ReadonlyMap<number, number>;
  readonly faults: readonly Fault[];
}

/** One statement measures all commits. What loaders do meanwhile is no fault: what looks odd is looked at again. */
export async function checkTable(
  chains: readonly Chain[],
  ports: TablePorts,
  { loadedBefore, isWhole, placed }: TableLimits,
): Promise<TableAudit> {
  const ledger = await readLedger(chains, ports, isWhole);
  const commits = chains.flatMap(({ commits: all }) => measurable(all));
  const measures = await ports.warehouse.measure(
    ports.table,
    commits.map(({ range }) => range),
  );
  const loaded = new Map<number, number>();
  const unloaded = new Map<number, number>();
  const faults: Fault[] = [];
  for (const [index, { owner, range }] of commits.entries()) {
    const { partition, rows, next } = owner.commit;
    const measure = measures[index] as RangeMeasure;
    const entries = ledger.get(owner.key) ?? (measure.rows > 0 ? await lookAgain(owner, ports) : []);
    // Where there are no transactions a load writes its rows first and then its entry.
    if (entries.length === 0 && owner.writtenAt > loadedBefore) {
      unloaded.set(partition, (unloaded.get(partition) ?? 0) + rows);
      continue;
    }
    loaded.set(partition, (loaded.get(partition) ?? 0) + measure.rows);
    faults.push(...checkEntries(owner, entries, measure));
    // Of a commit that another one overlaps only a part was measured, which nothing can be compared with.
    const isLoaded = entries.length > 0 || measure.rows > 0;
    if (isLoaded && range.next === next) {
      faults.push(...(await checkRows(owner, measure, placed.get(owner.key), ports)));
    }
  }
  faults.push(...(await unexplainedEntries(chains, ledger, ports)));
  faults.push(...(await unexplainedRows(chains, ledger, ports, isWhole)));
  return { loaded, unloaded, faults };
}

async function readLedger(
  chains: readonly Chain[],
  { warehouse, table, partitions }: TablePorts,
  isWhole: boolean,
): Promise<Ledger> {
  // Of every partition, also of one that has no commit: it may have had one, which was loaded.
  const ranges = partitionsOf(chains, partitions).map((partition): OffsetRange => {
    const { commits = [], end = 0, reachesEnd = true } = chains.find((each) => each.partition === partition) ?? {};
    const first = commits[0]?.commit.start ?? end;
    return { partition, first, next: reachesEnd ? Number.MAX_SAFE_INTEGER : (commits.at(-1)?.commit.next ?? first) };
  });
  const entries = await warehouse.ledger(table, ...(isWhole ? [] : [ranges]));
  return Map.groupBy(entries, ({ commitKey }) => commitKey);
}

/** The offsets of each commit up to the next one's: a measure takes no ranges that overlap. */
function measurable(commits: readonly ChainCommit[]): Array<{ owner: ChainCommit; range: OffsetRange }> {
  return commits.map((owner, index) => {
    const { partition, start, next } = owner.commit;
    return {
      owner,
      range: { partition, first: start, next: Math.min(next, commits[index + 1]?.commit.start ?? next) },
    };
  });
}

/** A load may have ended between reading the ledger and measuring. */
async function lookAgain({ key, commit }: ChainCommit, { warehouse, table }: TablePorts): Promise<LedgerEntry[]> {
  const { partition, start } = commit;
  const entries = await warehouse.ledger(table, [{ partition, first: start, next: start + 1 }]);
  return entries.filter(({ commitKey }) => commitKey === key);
}

function checkEntries({ key, commit }: ChainCommit, entries: readonly LedgerEntry[], { rows }: RangeMeasure): Fault[] {
  const { partition, start, next } = commit;
  const range = { partition, first: start, next };
  const [entry, ...others] = entries;
  if (!entry) {
    return rows === 0
      ? [
          fault('NOT_LOADED', `"${key}" was never loaded; a sweep or "headrace rebuild" loads it`, {
            ...range,
            lost: commit.rows,
          }),
        ]
      : [
          fault(
            'NOT_IN_LEDGER',
            `The ledger has no "${key}", the table has ${rows} of its rows; rebuild before it is loaded again`,
            range,
          ),
        ];
  }
  const isSame =
    entry.partition === partition && entry.start === start && entry.next === next && entry.rows === commit.rows;
  if (!isSame) {
    const said = `offsets ${entry.start} to before ${entry.next} of partition ${entry.partition}, ${entry.rows} rows`;
    return [fault('BAD_LEDGER', `The ledger says of "${key}": ${said}; the commit has ${commit.rows} rows`, range)];
  }
  return others.length === 0 ? [] : [fault('BAD_LEDGER', `The ledger has "${key}" ${entries.length} times`, range)];
}

/** @param placed what the rows' places are compared with; undefined when the files were not read. */
async function checkRows(
  { key, commit }: ChainCommit,
  measure: RangeMeasure,
  placed: bigint | undefined,
  ports: TablePorts,
): Promise<Fault[]> {
  const { partition, start, next, rows, checksum } = commit;
  const range = { partition, first: start, next };
  if (measure.rows === rows && measure.offsets === rows) {
    const isSame = measure.checksum === BigInt(checksum) && (placed === undefined || measure.placed === placed);
    return isSame ? [] : [await alteredRows(key, range, commit, ports)];
  }
  const expected = await rowOffsets(ports.lake, commit);
  if (!expected) {
    return [];
  }
  const held = await ports.warehouse.offsetsOf(ports.table, range);
  const [known, wanted] = [new Set(held), new Set(expected)];
  const missing = expected.filter((offset) => !known.has(offset));
  const repeated = held.filter((offset, index) => wanted.has(offset) && held[index - 1] === offset);
  const unexpected = held.filter((offset) => !wanted.has(offset));
  const found = (kind: Fault['kind'], offsets: readonly number[], what: string, lost: number, duplicated: number) =>
    offsets.length === 0
      ? []
      : [
          fault(kind, `The table ${what} ${offsetList(offsets)} of "${key}"`, {
            partition,
            ...spanOf(offsets),
            lost,
            duplicated,
          }),
        ];
  return [
    ...found('LOST_ROWS', missing, 'lacks', missing.length, 0),
    ...found('DUPLICATED_ROWS', repeated, 'has more than once', 0, repeated.length),
    ...found('UNEXPECTED_ROWS', unexpected, 'has rows where there are none,', 0, unexpected.length),
  ];
}

async function alteredRows(
  key: string,
  range: OffsetRange,
  commit: ChainCommit['commit'],
  ports: TablePorts,
): Promise<Fault> {
  const altered = await findAltered(range, commit, ports);
  const { partition } = range;
  return altered.length === 0
    ? fault('ALTERED_ROWS', `The table has rows of "${key}" that are not its records`, { ...range, lost: 1 })
    : fault('ALTERED_ROWS', `The table has other values than "${key}" at ${offsetList(altered)}`, {
        partition,
        ...spanOf(altered),
        lost: altered.length,
      });
}
