/** The loader: behind the load queue, and on a schedule that sweeps up what the queue never heard of. */
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { openWarehouse } from '../../pipeline/adapters/open-warehouse.ts';
import { s3ObjectStore } from '../../pipeline/adapters/s3-object-store.ts';
import { POSTPONED, sqsLoadQueue } from '../../pipeline/adapters/sqs-load-queue.ts';
import { readCompiledContract } from '../../pipeline/contract/read-compiled-contract.ts';
import { loadCommits, type NotifiedLoadPorts } from '../../pipeline/load/load-commits.ts';
import { sweepCommits } from '../../pipeline/load/sweep.ts';
import { warehouseTable } from '../../pipeline/load/warehouse-table.ts';
import { jsonLog } from '../../pipeline/log.ts';
import { logMetrics, secondsBetween } from '../../pipeline/metrics.ts';
import { loaderEnv } from './env.ts';

const env = loaderEnv();
const contract = await readCompiledContract(s3ObjectStore(env.CONTRACT_BUCKET), env.CONTRACT_KEY);
const lake = s3ObjectStore(env.LAKE_BUCKET);
const { event } = contract;
const ports: NotifiedLoadPorts = {
  table: warehouseTable(contract),
  bucket: env.LAKE_BUCKET,
  lake,
  warehouse: await openWarehouse(env.WAREHOUSE_URL, lake),
  queue: sqsLoadQueue(env.LOAD_QUEUE_URL),
};

/** What the schedule sends, and a person who does not want to wait for it. */
interface SweepEvent {
  readonly sweep: true;
  /** Younger commits are left to their notifications. @default the sweep's own */
  readonly graceSeconds?: number;
}

export async function handler(input: SQSEvent | SweepEvent, context?: Context): Promise<SQSBatchResponse | undefined> {
  const log = jsonLog({ event, requestId: context?.awsRequestId });
  if ('sweep' in input) {
    await sweep(input, log, context);
    return undefined;
  }
  const { loaded, skipped, rows, failures, finished } = await loadCommits(input.Records.map(toMessage), ports);
  for (const { id, error } of failures) {
    log.error('Load failed', error, { messageId: id });
  }
  const counts = { LoadedCommits: loaded, SkippedCommits: skipped, LoadedRows: rows, FailedLoads: failures.length };
  // Ages of repeated commits would say nothing of the warehouse's.
  const ages = finished.map(({ commit }) => secondsBetween(commit.timestamps.min, Date.now()));
  logMetrics({ event }, skipped === 0 && ages.length > 0 ? { ...counts, RowAgeSeconds: ages } : counts);
  return { batchItemFailures: failures.map(({ id }) => ({ itemIdentifier: id })) };
}

const toMessage = ({ messageId, body, messageAttributes }: SQSRecord) => ({
  id: messageId,
  body,
  postponed: Number(messageAttributes?.[POSTPONED]?.stringValue ?? 0),
});

async function sweep(
  { graceSeconds }: SweepEvent,
  log: ReturnType<typeof jsonLog>,
  context: Context | undefined,
): Promise<void> {
  const timeLeftMs = () => context?.getRemainingTimeInMillis() ?? Number.POSITIVE_INFINITY;
  const { partitions } = contract.topic;
  const grace = graceSeconds === undefined ? {} : { graceMs: graceSeconds * 1000 };
  const swept = await sweepCommits({ ...ports, ...grace, partitions, now: Date.now, timeLeftMs });
  for (const [commitKey, error] of swept.failures) {
    log.error('Load failed', error, { commitKey });
  }
  const { loaded, rows, failures, unloaded } = swept;
  const counts = { LoadedCommits: loaded, LoadedRows: rows, FailedLoads: failures.size };
  logMetrics({ event }, { ...counts, UnloadedCommits: unloaded - loaded });
}
