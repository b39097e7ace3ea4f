/** The loader behind the load queue: a thin host over `pipeline/load`. */
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { openWarehouse } from '../../pipeline/adapters/open-warehouse.ts';
import { s3ObjectStore } from '../../pipeline/adapters/s3-object-store.ts';
import { readCompiledContract } from '../../pipeline/contract/read-compiled-contract.ts';
import { newestVersion, tableColumns } from '../../pipeline/contract/table-columns.ts';
import { PipelineError } from '../../pipeline/errors.ts';
import { type LoadPorts, loadCommits } from '../../pipeline/load/load-commits.ts';
import { logMetrics } from '../../pipeline/metrics.ts';
import { loaderEnv } from './env.ts';

const env = loaderEnv();
const contract = await readCompiledContract(s3ObjectStore(env.CONTRACT_BUCKET), env.CONTRACT_KEY);
const lake = s3ObjectStore(env.LAKE_BUCKET);
const { event, warehouse } = contract;
const ports: LoadPorts = {
  table: {
    event,
    table: warehouse.table,
    schemaVersion: newestVersion(contract).version,
    columns: tableColumns(contract),
  },
  bucket: env.LAKE_BUCKET,
  lake,
  warehouse: await openWarehouse(env.WAREHOUSE_URL, lake),
};

export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  const messages = Records.map(({ messageId, body }) => ({ id: messageId, body }));
  const { loaded, skipped, rows, failures } = await loadCommits(messages, ports);
  for (const { id, error } of failures) {
    console.error(
      JSON.stringify({ level: 'ERROR', event, messageId: id, error: error.message, ...retryAdvice(error) }),
    );
  }
  logMetrics(
    { event },
    { LoadedCommits: loaded, SkippedCommits: skipped, LoadedRows: rows, FailedLoads: failures.length },
  );
  return { batchItemFailures: failures.map(({ id }) => ({ itemIdentifier: id })) };
}

/** Tells an operator whether the dead letter is worth sending again as it is. */
const retryAdvice = (error: Error): object =>
  error instanceof PipelineError ? { code: error.code, retryable: error.retryable } : {};
