/** The loader: behind the load queue, and on schedules that sweep and audit. */
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { openWarehouse } from '../../pipeline/adapters/open-warehouse.ts';
import { s3ObjectStore } from '../../pipeline/adapters/s3-object-store.ts';
import { POSTPONED, sqsLoadQueue } from '../../pipeline/adapters/sqs-load-queue.ts';
import { readCompiledContract } from '../../pipeline/contract/read-compiled-contract.ts';
import { notificationTimes } from '../../pipeline/load/commit-notifications.ts';
import { loadCommits, type NotifiedLoadPorts } from '../../pipeline/load/load-commits.ts';
import { warehouseTable } from '../../pipeline/load/warehouse-table.ts';
import { jsonLog } from '../../pipeline/log.ts';
import { logMetrics, type MetricValues, secondsBetween } from '../../pipeline/metrics.ts';
import type { PendingLoad } from '../../pipeline/ports.ts';
import { loaderEnv } from './env.ts';
import { runScheduled, type ScheduledRun } from './scheduled-runs.ts';

const env = loaderEnv();
const contract = await readCompiledContract(s3ObjectStore(env.CONTRACT_BUCKET), env.CONTRACT_KEY);
const lake = s3ObjectStore(env.LAKE_BUCKET);
const { event } = contract;
const connections: Omit<NotifiedLoadPorts, 'timeLeftMs'> = {
  table: warehouseTable(contract),
  bucket: env.LAKE_BUCKET,
  lake,
  warehouse: await openWarehouse(env.WAREHOUSE_URL, lake),
  queue: sqsLoadQueue(env.LOAD_QUEUE_URL),
};

export async function handler(input: SQSEvent | ScheduledRun, context?: Context): Promise<SQSBatchResponse> {
  const log = jsonLog({ event, requestId: context?.awsRequestId });
  const timeLeftMs = () => context?.getRemainingTimeInMillis() ?? Number.POSITIVE_INFINITY;
  const ports = { ...connections, timeLeftMs };
  if (!('Records' in input)) {
    await runScheduled(input, { ...ports, contract, log });
    return { batchItemFailures: [] };
  }
  const { loaded, skipped, rows, failures, finished } = await loadCommits(input.Records.map(toMessage), ports);
  for (const { id, error } of failures) {
    log.error('Load failed', error, { messageId: id });
  }
  for (const { commitKey, commit } of finished) {
    const { partition, first, next, rows: count, traced } = commit;
    log.info('loaded', { partition, first, next, commitKey, rows: count, traced });
  }
  const failed = new Set(failures.map(({ id }) => id));
  const acknowledged = input.Records.filter(({ messageId }) => !failed.has(messageId));
  const counts = { LoadedCommits: loaded, SkippedCommits: skipped, LoadedRows: rows, FailedLoads: failures.length };
  // Ages of repeated commits would say nothing of the warehouse's.
  const durations = skipped === 0 && finished.length > 0 ? ages(finished, acknowledged, Date.now()) : {};
  logMetrics({ event }, { ...counts, ...durations });
  return { batchItemFailures: failures.map(({ id }) => ({ itemIdentifier: id })) };
}

/** At most ten messages come together, so the lists are short. */
function ages(finished: readonly PendingLoad[], records: readonly SQSRecord[], now: number): MetricValues {
  const keys = new Set(finished.map(({ commitKey }) => commitKey));
  const writtenAt = records.flatMap(({ body }) => [...notificationTimes(body)].filter(([key]) => keys.has(key)));
  return {
    RowAgeSeconds: finished.map(({ commit }) => secondsBetween(commit.timestamps.min, now)),
    ...(writtenAt.length > 0 && { LoadSeconds: writtenAt.map(([, at]) => secondsBetween(at, now)) }),
  };
}

const toMessage = ({ messageId, body, messageAttributes }: SQSRecord) => ({
  id: messageId,
  body,
  postponed: Number(messageAttributes?.[POSTPONED]?.stringValue ?? 0),
});
