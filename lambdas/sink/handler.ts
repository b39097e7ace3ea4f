/** The sink behind the Kafka event source mapping: a thin host over `pipeline/sink`. */
import type { MSKEvent } from 'aws-lambda';
import { s3ObjectStore } from '../../pipeline/adapters/s3-object-store.ts';
import { readCompiledContract } from '../../pipeline/contract/read-compiled-contract.ts';
import { logMetrics } from '../../pipeline/metrics.ts';
import { commitLog } from '../../pipeline/sink/commit-log.ts';
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

export async function handler(event: MSKEvent): Promise<void> {
  for (const records of partitionsOf(event)) {
    const { rows, rejected, repeated, bytes } = await sinkPartition(records, ports);
    const counts = { CommittedRows: rows, RejectedRecords: rejected, RepeatedRecords: repeated, CommittedBytes: bytes };
    logMetrics({ event: contract.event }, counts);
  }
}
