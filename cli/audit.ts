/** `headrace audit`: proof that every acknowledged record is one row or one dead letter. */
import { type AuditCounts, type AuditReport, audit } from '../pipeline/audit/audit.ts';
import { type Orphan, removeOrphans } from '../pipeline/audit/check-objects.ts';
import type { Fault, FaultKind } from '../pipeline/audit/fault.ts';
import { connectEvent, type EventConnection, type Place } from './connect-event.ts';
import { type Cell, textTable } from './text-table.ts';

export interface AuditCommand {
  readonly event: string;
  readonly place: Place;
  /** Milliseconds since the epoch. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly json: boolean;
  /** Reads every data file too. */
  readonly files: boolean;
  /** Compares with Kafka; an audit from outside the brokers' network cannot. */
  readonly kafka: boolean;
  readonly removeOrphans: boolean;
  /** How old an orphan must be, in milliseconds. */
  readonly graceMs: number;
}

const FAULTS_SHOWN = 50;
const ORPHANS_SHOWN = 10;

/** @returns the exit code: 1 when the audit found a fault, else 0. */
export async function auditEvent(command: AuditCommand): Promise<number> {
  const connection = await connectEvent(command.event, command.place);
  try {
    return await auditConnected(command, connection);
  } finally {
    await connection.close();
  }
}

async function auditConnected(command: AuditCommand, connection: EventConnection): Promise<number> {
  const { event, from, to, files: readFiles } = command;
  const ports = {
    ...connection,
    topic: connection.contract.topic.name,
    reader: command.kafka ? connection.reader : undefined,
  };
  const now = Date.now();
  const report = await audit(ports, { from, to, readFiles, now });
  const removed = command.removeOrphans ? await remove(report, connection, now - command.graceMs) : [];
  if (command.json) {
    console.log(JSON.stringify({ ...report, removed }, undefined, 2));
  } else {
    console.log(describe(report, removed, command));
    console.log(
      report.faults.length === 0 ? `${event}: nothing lost, nothing duplicated.` : `${event}: ${verdict(report)}`,
    );
  }
  return report.faults.length === 0 ? 0 : 1;
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
  { graceMs }: AuditCommand,
): string {
  const rows = partitions.map((each) => [
    String(each.partition),
    each.low === null ? null : `${each.low} to ${each.high}`,
    ...counts(each),
  ]);
  const lines = [textTable(HEADER, [...rows, ['total', '', ...counts(total)]]), ''];
  lines.push(...faults.slice(0, FAULTS_SHOWN).map(faultLine));
  if (faults.length > FAULTS_SHOWN) {
    lines.push(`... and ${faults.length - FAULTS_SHOWN} more faults; --json prints all`);
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

const verdict = ({ total, faults }: AuditReport): string =>
  `${faults.length} faults, ${total.lost} lost, ${total.duplicated} duplicated.`;

const megabytes = (objects: readonly Orphan[]): string =>
  (objects.reduce((sum, { bytes }) => sum + bytes, 0) / 1_000_000).toFixed(1);
