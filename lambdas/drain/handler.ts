/** The sink behind a schedule, and its lake's compaction: a thin host over `pipeline/`. */
import type { Context } from 'aws-lambda';
import { kafkaTopicReader } from '../../pipeline/adapters/kafka-topic-reader.ts';
import { s3ObjectStore } from '../../pipeline/adapters/s3-object-store.ts';
import { compactOnSchedule, isCompactEvent } from '../../pipeline/compact/compact-on-schedule.ts';
import { readCompiledContract } from '../../pipeline/contract/read-compiled-contract.ts';
import { jsonLog } from '../../pipeline/log.ts';
import { logMetrics } from '../../pipeline/metrics.ts';
import { commitLog } from '../../pipeline/sink/commit-log.ts';
import { drainTopic } from '../../pipeline/sink/drain.ts';
import { reportCommit } from '../../pipeline/sink/report-commit.ts';
import { rowEncoder } from '../../pipeline/sink/row-encoder.ts';
import { drainEnv } from './env.ts';

/** Time to compress, upload and commit what was read. */
const RESERVE_MS = 45_000;

const env = drainEnv();
const contract = await readCompiledContract(s3ObjectStore(env.CONTRACT_BUCKET), env.CONTRACT_KEY);
const lake = s3ObjectStore(env.LAKE_BUCKET);
const connection = { brokers: env.KAFKA_BROKERS, clientProperties: env.KAFKA_CLIENT_PROPERTIES };
const encoders = Array.from({ length: Number(env.PARALLEL_PARTITIONS) }, () =>
  rowEncoder(contract, env.SCHEMA_VERSION_IDS.split(',')),
);

export async function handler(
  input: unknown,
  context: Pick<Context, 'awsRequestId' | 'getRemainingTimeInMillis'>,
): Promise<void> {
  const { event } = contract;
  const log = jsonLog({ event, requestId: context.awsRequestId });
  const timeLeftMs = () => context.getRemainingTimeInMillis();
  if (isCompactEvent(input)) {
    await compactOnSchedule({ contract, lake, timeLeftMs }, log);
    return;
  }
  // Between two runs the environment is frozen, which no connection survives.
  const reader = kafkaTopicReader(connection);
  try {
    const behind = await drainTopic(
      {
        contract,
        lake,
        log: commitLog(lake),
        reader,
        encoders,
        timeLeftMs,
        committed: (commit, startedAt) => reportCommit(commit, { log, startedAt, now: Date.now() }),
        now: Date.now,
      },
      { inputBytesMax: Number(env.COMMIT_INPUT_MB) * 1_000_000, reserveMs: RESERVE_MS },
    );
    logMetrics({ event }, { LagRecords: behind });
  } finally {
    await reader.close();
  }
}
