/** The sink behind the Kafka event source mapping: a thin host over `pipeline/sink`. */
import type { Context, MSKEvent } from 'aws-lambda';
import { s3ObjectStore } from '../../pipeline/adapters/s3-object-store.ts';
import { readCompiledContract } from '../../pipeline/contract/read-compiled-contract.ts';
import { jsonLog } from '../../pipeline/log.ts';
import { logMetrics } from '../../pipeline/metrics.ts';
import { commitLog } from '../../pipeline/sink/commit-log.ts';
import { reportCommit } from '../../pipeline/sink/report-commit.ts';
import { rowEncoder } from '../../pipeline/sink/row-encoder.ts';
import { type SinkPorts, sinkPartition } from '../../pipeline/sink/sink.ts';
import { sinkEnv } from './env.ts';
import { partitionsOf } from './kafka-event.ts';

const env = sinkEnv();
const contract = await readCompiledContract(s3ObjectStore(env.CONTRACT_BUCKET), env.CONTRACT_KEY);
const lake = s3ObjectStore(env.LAKE_BUCKET);
const ports: SinkPorts = {
  contract,
  lake,
  log: commitLog(lake),
  rows: rowEncoder(contract, env.SCHEMA_VERSION_IDS.split(',')),
};

export async function handler(batch: MSKEvent, { awsRequestId }: Pick<Context, 'awsRequestId'>): Promise<void> {
  const { event } = contract;
  const log = jsonLog({ event, requestId: awsRequestId });
  for (const records of partitionsOf(batch)) {
    const startedAt = Date.now();
    const { commit, repeated } = await sinkPartition(records, ports);
    if (commit) {
      reportCommit(commit, { log, startedAt, now: Date.now() });
    }
    if (repeated > 0) {
      logMetrics({ event }, { RepeatedRecords: repeated });
    }
  }
}
