/** `headrace audit`: proof that every acknowledged record is one row or one dead letter. */
import { parseArgs } from 'node:util';
import { kafkaTrouble } from '../pipeline/adapters/kafka-trouble.ts';
import { type AuditCounts, type AuditReport, audit as auditPipeline } from '../pipeline/audit/audit.ts';
import { type AuditWindow, isWhole } from '../pipeline/audit/chain.ts';
import { type Orphan, removeOrphans } from '../pipeline/audit/check-objects.ts';
import type { Fault, FaultKind } from '../pipeline/audit/fault.ts';
import { FLAG, hoursMs, onlyEvent, PLACE_OPTIONS, placeOf, TEXT, windowOf } from './arguments.ts';
import { CommandError } from './command-error.ts';
import { connectEvent, type EventConnection } from './connect-event.ts';
import { quantity } from './quantity.ts';
import { type Cell, textTable } from './text-table.ts';

const OPTIONS = {
  ...PLACE_OPTIONS,
  from: TEXT,
  to: TEXT,
  files: FLAG,
  'no-kafka': FLAG,
  settled: FLAG,
  'remove-orphans': FLAG,
  grace: TEXT,
  json: FLAG,
} as const;
type Options = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** How old an orphan must be to be removed. */
const GRACE_HOURS = '24';
const FAULTS_SHOWN = 50;
const ORPHANS_SHOWN = 10;

/** @returns the exit code: 1 when there is a fault, or anything on its way although it should be settled; else 0. */
export async function audit(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const [event, window] = [onlyEvent(positionals), windowOf(values)];
  const graceMs = hoursMs(values.grace ?? GRACE_HOURS);
  if (values['remove-orphans'] && !isWhole(window)) {
    throw new CommandError(
      'Cannot use --remove-orphans with --from or --to: what other commits name is not known then',
    );
  }
  const connection = await connectEvent(event, placeOf(values));
  try {
    return await auditConnected(connection, values, window, graceMs);
  } finally {
    await connection.close();
  }
}

async function auditConnected(
  connection: EventConnection,
  options: Options,
  window: AuditWindow,
  graceMs: number,
): Promise<number> {
  const { contract } = connection;
  const reader = options['no-kafka'] ? undefined : connection.reader;
  const trouble = reader && (await kafkaTrouble(connection.kafka));
  if (trouble !== undefined) {
    throw new CommandError(`${trouble}; --no-kafka leaves it out`);
  }
  const now = Date.now();
  const { name: topic, partitions, retentionHours } = contract.topic;
  const ports = { ...connection, topic, partitions, retentionHours, reader };
  const report = await auditPipeline(ports, { ...window, readFiles: options.files ?? false, now });
  const removed = options['remove-orphans'] ? await remove(report, connection, now - graceMs) : [];
  if (options.json) {
    console.log(JSON.stringify({ ...report, removed }, undefined, 2));
  } else {
    console.log(describe(report, removed, graceMs));
    console.log(`${contract.event}: ${verdict(report)}`);
  }
  const { uncommitted, unloaded } = report.total;
  const isUnsettled = options.settled === true && uncommitted + unloaded > 0;
  return report.faults.length > 0 || isUnsettled ? 1 : 0;
}

/** While commits cannot be read, what they name is not known. */
const CHAIN_FAULTS: ReadonlySet<FaultKind> = new Set(['BAD_COMMIT', 'MISSING_COMMIT', 'OVERLAP', 'BAD_COMPACTION']);

async function remove(report: AuditReport, { lake }: EventConnection, olderThan: number): Promise<readonly Orphan[]> {
  if (report.faults.some(({ kind }) => CHAIN_FAULTS.has(kind))) {
    console.error('No orphans were removed: first mend the faults of the commits, which may name them.');
    return [];
  }
  return removeOrphans(lake, report.orphans, olderThan);
}

const HEADER = [
  'partition',
  'Kafka',
  'accepted',
  'committed',
  'rejected',
  'loaded',
  'lost',
  'duplicated',
  'to commit',
  'to load',
  'equal in Kafka',
];

function describe(
  { partitions, total, faults, orphans }: AuditReport,
  removed: readonly Orphan[],
  graceMs: number,
): string {
  const rows = partitions.map((each) => [
    String(each.partition),
    each.low === null ? null : `${each.low} to ${each.high}`,
    ...counts(each),
  ]);
  const lines = [textTable(HEADER, [...rows, ['total', '', ...counts(total)]]), ''];
  lines.push(...faults.slice(0, FAULTS_SHOWN).map(faultLine));
  if (faults.length > FAULTS_SHOWN) {
    lines.push(`... and ${quantity(faults.length - FAULTS_SHOWN, 'more fault')}; --json prints all`);
  }
  const left = orphans.filter((orphan) => !removed.includes(orphan));
  if (removed.length > 0) {
    lines.push(`Removed ${removed.length} orphans, ${megabytes(removed)} MB.`);
  }
  if (left.length > 0) {
    const hours = graceMs / 3_600_000;
    lines.push(`${left.length} objects, ${megabytes(left)} MB, that no commit names; --remove-orphans deletes those`);
    lines.push(`older than ${hours} hours that no sink can commit any more:`);
    lines.push(...left.slice(0, ORPHANS_SHOWN).map(({ key }) => `  ${key}`));
  }
  return lines.join('\n').trimEnd();
}

const counts = (each: AuditCounts): Cell[] => [
  each.accepted,
  each.committed,
  each.rejected,
  each.loaded,
  each.lost,
  each.duplicated,
  each.uncommitted,
  each.unloaded,
  each.verified,
];

function faultLine({ kind, partition, first, next, message, lost, duplicated }: Fault): string {
  const offsets = first === undefined ? '' : `, offsets ${first} to ${(next ?? first + 1) - 1}`;
  const place = partition === undefined ? '' : ` partition ${partition}${offsets}`;
  const losses = [lost > 0 ? `${lost} lost` : '', duplicated > 0 ? `${duplicated} duplicated` : '']
    .filter(Boolean)
    .join(', ');
  return `${kind}${place}: ${message}${losses === '' ? '' : ` (${losses})`}`;
}

function verdict({ total, faults, window }: AuditReport): string {
  if (faults.length === 0 && total.commits === 0 && !isWhole(window)) {
    return 'no commits in this window, so nothing was compared.';
  }
  return faults.length === 0
    ? 'nothing lost, nothing duplicated.'
    : `${quantity(faults.length, 'fault')}, ${total.lost} lost, ${total.duplicated} duplicated.`;
}

const megabytes = (objects: readonly Orphan[]): string =>
  (objects.reduce((sum, { bytes }) => sum + bytes, 0) / 1_000_000).toFixed(1);
