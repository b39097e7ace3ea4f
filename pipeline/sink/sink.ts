/** The sink: records of a Kafka partition become committed files, exactly once, from an at-least-once trigger. */
import { createHash } from 'node:crypto';
import type { CompiledContract } from '../contract/compiled-contract.ts';
import { DATA_PREFIX, REJECTED_PREFIX } from '../contract/names.ts';
import { newestVersion } from '../contract/table-columns.ts';
import { BrokenInvariantError, PipelineError } from '../errors.ts';
import type { KafkaRecord, ObjectStore } from '../ports.ts';
import { COMMIT_FORMAT, type Commit, type OffsetGap } from './commit.ts';
import type { CommitLog } from './commit-log.ts';
import { encodeDeadLetters } from './dead-letter.ts';
import type { RowEncoder } from './row-encoder.ts';

export interface SinkPorts {
  readonly contract: CompiledContract;
  readonly lake: ObjectStore;
  readonly log: CommitLog;
  readonly rows: RowEncoder;
}

export interface SinkReport {
  readonly rows: number;
  readonly rejected: number;
  /** Records that were committed before: a trigger delivers at least once. */
  readonly repeated: number;
  readonly bytes: number;
}

/** Each lost race means that another writer went on; so many in a row mean that something else is wrong. */
const RACES_MAX = 10;
const HASH_HEX_DIGITS = 16;

/**
 * Commits the records of one partition that are not committed yet.
 *
 * Delivery: exactly once. A record is a row or a dead letter of exactly one commit, however often it is delivered, in
 * whatever batches, to however many writers. A crash before the commit leaves objects that no commit names.
 * @param records of one partition, offsets ascending.
 * @throws when S3 cannot be reached: nothing was committed, the trigger delivers the batch again.
 */
export async function sinkPartition(records: readonly KafkaRecord[], ports: SinkPorts): Promise<SinkReport> {
  const { partition } = checkOrder(records);
  for (let race = 0; race < RACES_MAX; race++) {
    const start = await ports.log.next(partition);
    const pending = records.filter(({ offset }) => offset >= start);
    if (pending.length === 0) {
      return { rows: 0, rejected: 0, repeated: records.length, bytes: 0 };
    }
    const commit = await writeObjects(pending, start, ports);
    if ((await ports.log.append(commit)) === 'committed') {
      const bytes = commit.files.reduce((sum, file) => sum + file.bytes, 0);
      const rejected = commit.rejected?.count ?? 0;
      return { rows: commit.rows, rejected, repeated: records.length - pending.length, bytes };
    }
  }
  const message = `Cannot commit partition ${partition}: ${RACES_MAX} writers in a row came first, there should be one`;
  throw new PipelineError('UNAVAILABLE', message, { retryable: true });
}

function checkOrder(records: readonly KafkaRecord[]): KafkaRecord {
  const [first] = records;
  if (!first) {
    throw new BrokenInvariantError('Cannot sink a batch: it has no records');
  }
  for (const [index, record] of records.entries()) {
    const previous = records[index - 1];
    if (record.partition !== first.partition || (previous && record.offset <= previous.offset)) {
      const reason = `offset ${record.offset} of partition ${record.partition} is out of order`;
      throw new BrokenInvariantError(`Cannot sink a batch: ${reason}, a batch is one partition with ascending offsets`);
    }
  }
  return first;
}

/** Writes the objects that the commit will name. Their names are derived from their content: repeating it is harmless. */
async function writeObjects(pending: readonly KafkaRecord[], start: number, ports: SinkPorts): Promise<Commit> {
  const { contract, lake, rows } = ports;
  const { file, letters } = rows.encode(pending);
  const schemaVersion = newestVersion(contract).version;
  const { topic, partition, offset: first } = pending[0] as KafkaRecord;
  const { offset: last } = pending.at(-1) as KafkaRecord;
  const put = async (prefix: string, extension: string, body: Uint8Array): Promise<string> => {
    const hash = createHash('sha256').update(body).digest('hex').slice(0, HASH_HEX_DIGITS);
    const key = `${prefix}${partition}-${first}-${last}-${hash}.${extension}`;
    await lake.put(key, body);
    return key;
  };
  const lettersBody = encodeDeadLetters(letters, schemaVersion);
  const [dataKey, rejectedKey] = await Promise.all([
    file ? put(DATA_PREFIX, 'parquet', file.bytes) : undefined,
    letters.length > 0 ? put(REJECTED_PREFIX, 'jsonl', lettersBody) : undefined,
  ]);
  return {
    format: COMMIT_FORMAT,
    event: contract.event,
    topic,
    partition,
    start,
    first,
    last,
    next: last + 1,
    rows: file?.rows ?? 0,
    files: file && dataKey ? [{ key: dataKey, rows: file.rows, bytes: file.bytes.length }] : [],
    rejected: rejectedKey ? { count: letters.length, key: rejectedKey, bytes: lettersBody.length } : null,
    gaps: findGaps(pending, start),
    schemaVersion,
    eventTime: file?.eventTime ?? null,
  };
}

function findGaps(pending: readonly KafkaRecord[], start: number): OffsetGap[] {
  const gaps: OffsetGap[] = [];
  let expected = start;
  for (const { offset } of pending) {
    if (offset > expected) {
      gaps.push({ first: expected, next: offset });
    }
    expected = offset + 1;
  }
  return gaps;
}
