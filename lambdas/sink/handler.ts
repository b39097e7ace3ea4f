/** The sink behind the Kafka event source mapping, and its lake's compaction: a thin host over `pipeline/`. */
import type { Context, MSKEvent } from 'aws-lambda';
import { s3ObjectStore } from '../../pipeline/adapters/s3-object-store.ts';
import { type CompactEvent, compactOnSchedule, isCompactEvent } from '../../pipeline/compact/compact-on-schedule.ts';
import { readCompiledContract } from '../../pipeline/contract/read-compiled-contract.ts';
import { jsonLog, type Log } from '../../pipeline/log.ts';
import { logMetrics } from '../../pipeline/metrics.ts';
import type { KafkaRecord } from '../../pipeline/ports.ts';
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

type SinkContext = Pick<Context, 'awsRequestId' | 'getRemainingTimeInMillis'>;

export async function handler(input: MSKEvent | CompactEvent, context: SinkContext): Promise<void> {
  const { event } = contract;
  const log = jsonLog({ event, requestId: context.awsRequestId });
  if (isCompactEvent(input)) {
    await compactOnSchedule({ contract, lake, timeLeftMs: () => context.getRemainingTimeInMillis() }, log);
    return;
  }
  const failures: unknown[] = [];
  for (const records of partitionsOf(input)) {
    // A batch has records of several partitions, and one that cannot be committed must not hold up the others.
    await sinkBatch(records, log).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) {
    throw new AggregateError(failures, `Cannot commit all of a batch: ${failures.map(String).join('; ')}`);
  }
}

async function sinkBatch(records: readonly KafkaRecord[], log: Log): Promise<void> {
  const startedAt = Date.now();
  const { commit, repeated } = await sinkPartition(records, ports);
  if (commit) {
    reportCommit(commit, { log, startedAt, now: Date.now() });
  }
  if (repeated > 0) {
    logMetrics({ event: contract.event }, { RepeatedRecords: repeated });
  }
}
