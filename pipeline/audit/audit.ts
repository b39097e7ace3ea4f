/** The audit: proof, or disproof, that every acknowledged record is one row or one dead letter. */
import type { ObjectStore, PartitionOffsets, TopicReader, Warehouse, WarehouseTable } from '../ports.ts';
import { type AuditWindow, type Chain, isWhole, readChains } from './chain.ts';
import { type CompactionAudit, checkCompactions } from './check-compactions.ts';
import { checkFiles, type FileAudit } from './check-files.ts';
import { checkGaps } from './check-gaps.ts';
import { checkObjects, type Orphan } from './check-objects.ts';
import { checkTable, type TableAudit } from './check-table.ts';
import { checkPartition, type TopicAudit, topicReplaced } from './check-topic.ts';
import type { Fault } from './fault.ts';

export interface AuditPorts {
  readonly topic: string;
  readonly partitions: number;
  /** Of the topic. */
  readonly retentionHours: number;
  readonly table: WarehouseTable;
  readonly lake: ObjectStore;
  readonly warehouse: Warehouse;
  /** Undefined leaves Kafka out: its watermarks, and what it still retains. */
  readonly reader: TopicReader | undefined;
}

export interface AuditOptions extends AuditWindow {
  /** Reads every data file too. @default false */
  readonly readFiles?: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How long a commit may be on its way into the warehouse. @default an hour: a load that failed comes again */
  readonly loadGraceMs?: number;
}

/** The numbers of one partition, or of all of them. Records, rows or offsets. */
export interface AuditCounts {
  readonly commits: number;
  /** `committed`, `rejected`, `uncommitted`, and what was lost before it was committed. */
  readonly accepted: number;
  /** Rows of the commits. */
  readonly committed: number;
  /** Dead letters of the commits. */
  readonly rejected: number;
  /** Rows in the table. */
  readonly loaded: number;
  /** What faults say; a record that is missing in two places counts twice. */
  readonly lost: number;
  readonly duplicated: number;
  /** In Kafka, and not committed yet; 0 when Kafka was left out. */
  readonly uncommitted: number;
  /** Rows of commits that are not loaded yet and may still be on their way. */
  readonly unloaded: number;
  /** Records that were compared with Kafka and are the same. */
  readonly verified: number;
  /** Offsets that are no records: aborted, compacted, or markers of transactions. */
  readonly passedOver: number;
}

export interface PartitionAudit extends AuditCounts {
  readonly partition: number;
  /** Kafka's watermarks; null when it was left out or has no such partition. */
  readonly low: number | null;
  readonly high: number | null;
  /** Where the chain ends. */
  readonly next: number;
}

export interface AuditReport {
  readonly event: string;
  readonly window: AuditWindow;
  readonly partitions: readonly PartitionAudit[];
  readonly total: AuditCounts;
  /** By partition and offset; empty is the proof. */
  readonly faults: readonly Fault[];
  /** Empty when only a window was audited. */
  readonly orphans: readonly Orphan[];
}

const LOAD_GRACE_MS = 3_600_000;
/** A window of commits may cut a compaction in two. */
const NO_COMPACTIONS: CompactionAudit = { compactions: [], faults: [] };
const NO_FILES: FileAudit = { faults: [], placed: new Map() };

/**
 * Compares topic, chains, objects, ledger and table. Reads only; what sinks and loaders do meanwhile is no fault.
 * Memory: the commits of the window. Time: a LIST of the lake, or of each object of a window, a GET for each commit, one
 * statement over the table, and one reading of what Kafka retains.
 * @throws PipelineError when a part cannot be reached.
 */
export async function audit(ports: AuditPorts, options: AuditOptions): Promise<AuditReport> {
  const { lake, table, partitions: count } = ports;
  const window: AuditWindow = { from: options.from, to: options.to };
  const all = isWhole(window);
  const { chains, foreign } = await readChains({ lake, event: table.event, partitions: count }, window);
  const { compactions, ...compacted } = all ? await checkCompactions(lake, chains) : NO_COMPACTIONS;
  const { missing, orphans, ...objects } = await checkObjects(lake, chains, compactions, all);
  const loadedBefore = options.now - (options.loadGraceMs ?? LOAD_GRACE_MS);
  const inFiles = options.readFiles ? await checkFiles(lake, chains, compactions, missing) : NO_FILES;
  const inTable = await checkTable(chains, ports, { loadedBefore, isWhole: all, placed: inFiles.placed });
  const faults = [
    ...foreign,
    ...chains.flatMap((chain) => chain.faults),
    ...chains.flatMap((chain) => checkGaps(chain, ports.retentionHours * 3_600_000)),
    ...compacted.faults,
    ...objects.faults,
    ...inTable.faults,
    ...inFiles.faults,
  ];
  const partitions: PartitionAudit[] = [];
  for (const { partition, chain, watermarks, inTopic } of await checkTopic(chains, faults, ports)) {
    faults.push(...inTopic.faults);
    const own = faults.filter((each) => each.partition === partition);
    partitions.push(countPartition(partition, chain, watermarks, inTopic, inTable, own));
  }
  return {
    event: table.event,
    window,
    partitions,
    // A fault that is about no partition counts too.
    total: { ...addUp(partitions), lost: lostBy(faults), duplicated: duplicatedBy(faults) },
    faults: faults.toSorted(byPlace),
    orphans,
  };
}

interface CheckedPartition {
  readonly partition: number;
  readonly chain: Chain | undefined;
  readonly watermarks: PartitionOffsets | undefined;
  readonly inTopic: TopicAudit;
}

/** Every partition that has anything: a chain, offsets in Kafka, or faults. */
async function checkTopic(
  chains: readonly Chain[],
  faults: readonly Fault[],
  { lake, reader, topic }: AuditPorts,
): Promise<CheckedPartition[]> {
  const offsets = reader ? await reader.offsets(topic) : [];
  const known = [...chains, ...offsets, ...faults].flatMap(({ partition = [] }) => partition);
  const checked: CheckedPartition[] = [];
  for (const partition of [...new Set(known)].sort((a, b) => a - b)) {
    const chain = chains.find((each) => each.partition === partition);
    const watermarks = offsets.find((each) => each.partition === partition);
    const inTopic =
      reader && watermarks
        ? await checkPartition(watermarks, chain, { lake, reader, topic })
        : withoutTopic(chain, reader);
    checked.push({ partition, chain, watermarks, inTopic });
  }
  return checked;
}

function withoutTopic(chain: Chain | undefined, reader: TopicReader | undefined): TopicAudit {
  const faults = chain && reader ? [topicReplaced(chain.partition, chain.end, 'Kafka has no such partition')] : [];
  return { verified: 0, uncommitted: 0, faults };
}

/** Faults of records that never came to be committed: they are in no commit's counts. */
const BEFORE_COMMIT: ReadonlySet<Fault['kind']> = new Set(['MISSING_COMMIT', 'RETENTION']);

function countPartition(
  partition: number,
  chain: Chain | undefined,
  watermarks: PartitionOffsets | undefined,
  { verified, uncommitted }: TopicAudit,
  { loaded, unloaded }: TableAudit,
  faults: readonly Fault[],
): PartitionAudit {
  const commits = chain?.commits.map(({ commit }) => commit) ?? [];
  const committed = sum(commits, ({ rows }) => rows);
  const rejected = sum(commits, (commit) => commit.rejected?.count ?? 0);
  const isLost = (offset: number): boolean =>
    faults.some(({ kind, first }) => kind === 'RETENTION' && first === offset);
  const lostBefore = sum(faults, ({ kind, lost }) => (BEFORE_COMMIT.has(kind) ? lost : 0));
  return {
    partition,
    low: watermarks?.low ?? null,
    high: watermarks?.high ?? null,
    next: chain?.end ?? 0,
    commits: commits.length,
    accepted: committed + rejected + uncommitted + lostBefore,
    committed,
    rejected,
    loaded: loaded.get(partition) ?? 0,
    lost: lostBy(faults),
    duplicated: duplicatedBy(faults),
    uncommitted,
    unloaded: unloaded.get(partition) ?? 0,
    verified,
    passedOver: sum(commits, ({ gaps }) =>
      sum(gaps, ({ first, next, cause }) => (cause === 'unknown' && !isLost(first) ? next - first : 0)),
    ),
  };
}

const sum = <Item>(items: readonly Item[], measure: (item: Item) => number): number =>
  items.reduce((total, item) => total + measure(item), 0);

const lostBy = (faults: readonly Fault[]): number => sum(faults, ({ lost }) => lost);
const duplicatedBy = (faults: readonly Fault[]): number => sum(faults, ({ duplicated }) => duplicated);

const COUNTS = [
  'commits',
  'accepted',
  'committed',
  'rejected',
  'loaded',
  'lost',
  'duplicated',
  'uncommitted',
  'unloaded',
  'verified',
  'passedOver',
] as const satisfies readonly (keyof AuditCounts)[];

const addUp = (partitions: readonly PartitionAudit[]): AuditCounts =>
  Object.fromEntries(COUNTS.map((name) => [name, sum(partitions, (each) => each[name])])) as unknown as AuditCounts;

const byPlace = (a: Fault, b: Fault): number =>
  (a.partition ?? -1) - (b.partition ?? -1) || (a.first ?? -1) - (b.first ?? -1);
