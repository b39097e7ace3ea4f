/** What the loader does by the clock: it alone reaches both the lake and the warehouse. */
import { audit } from '../../pipeline/audit/audit.ts';
import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
import type { LoadPorts } from '../../pipeline/load/load-together.ts';
import { sweepCommits } from '../../pipeline/load/sweep.ts';
import type { Log } from '../../pipeline/log.ts';
import { logMetrics } from '../../pipeline/metrics.ts';

/** The events of the schedules; a person who does not want to wait sends them too. */
export type ScheduledRun =
  /** Loads what no notification told of. Commits younger than `graceSeconds` are left to theirs. @default the sweep's own */
  | { readonly sweep: true; readonly graceSeconds?: number }
  /** Audits what was written in the last hours, without Kafka. */
  | { readonly audit: { readonly hours: number } };

export interface RunPorts extends LoadPorts {
  readonly contract: CompiledContract;
  readonly log: Log;
}

const HOUR_MS = 3_600_000;
const FAULTS_LOGGED = 100;

export const runScheduled = (run: ScheduledRun, ports: RunPorts): Promise<void> =>
  'sweep' in run ? runSweep(run.graceSeconds, ports) : runAudit(run.audit.hours, ports);

async function runSweep(graceSeconds: number | undefined, { contract, log, ...ports }: RunPorts): Promise<void> {
  const swept = await sweepCommits({
    ...ports,
    partitions: contract.topic.partitions,
    now: Date.now,
    ...(graceSeconds !== undefined && { graceMs: graceSeconds * 1000 }),
  });
  for (const [commitKey, error] of [...swept.failures].slice(0, FAULTS_LOGGED)) {
    log.error('Load failed', error, { commitKey });
  }
  const { loaded, rows, failures, unloaded, isComplete } = swept;
  if (!isComplete) {
    log.warn('Time did not suffice to sweep all, the next sweep goes on', { loaded, unloaded });
  }
  const counts = { LoadedCommits: loaded, LoadedRows: rows, FailedLoads: failures.size };
  logMetrics({ event: contract.event }, { ...counts, UnloadedCommits: unloaded - loaded });
}

/** The brokers' network has no way to a warehouse's API, so a scheduled audit leaves Kafka out. */
async function runAudit(hours: number, { contract, log, ...ports }: RunPorts): Promise<void> {
  const { name: topic, partitions, retentionHours } = contract.topic;
  const now = Date.now();
  const audited = { ...ports, topic, partitions, retentionHours, reader: undefined };
  const report = await audit(audited, { from: now - hours * HOUR_MS, now });
  for (const { kind, partition, first, next, message, lost, duplicated } of report.faults.slice(0, FAULTS_LOGGED)) {
    log.error('Audit found a fault', new Error(message), { kind, partition, first, next, lost, duplicated });
  }
  const { lost, duplicated } = report.total;
  logMetrics(
    { event: contract.event },
    { LostRecords: lost, DuplicatedRows: duplicated, AuditFaults: report.faults.length },
  );
}
