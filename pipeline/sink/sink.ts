/** The sink of the trigger `stream`: batches of a Kafka partition become commits, exactly once. */
import { BrokenInvariantError, PipelineError } from '../errors.ts';
import type { KafkaRecord } from '../ports.ts';
import type { Commit } from './commit.ts';
import type { CommitLog } from './commit-log.ts';
import { checkRepeated } from './same-topic.ts';
import { outOfOrder, Window, type WindowPorts } from './window.ts';

export interface SinkPorts extends WindowPorts {
  readonly log: CommitLog;
}

export interface SinkReport {
  /** What was committed; undefined when all records were committed before. */
  readonly commit: Commit | undefined;
  /** Records that were committed before: a trigger delivers at least once. */
  readonly repeated: number;
}

/** Each lost race means that another writer went on; so many in a row mean that something else is wrong. */
const RACES_MAX = 10;

/**
 * Commits the records of one partition that are not committed yet.
 *
 * Delivery: exactly once. A record is a row or a dead letter of exactly one commit, however often it is delivered, in
 * whatever batches, to however many writers. A crash before the commit leaves objects that no commit names.
 * @param records of one partition, offsets ascending.
 * @throws TopicReplacedError when records below the chain's end are not the ones that were committed.
 * @throws when S3 cannot be reached: nothing was committed, the trigger delivers the batch again.
 */
export async function sinkPartition(records: readonly KafkaRecord[], ports: SinkPorts): Promise<SinkReport> {
  const { partition } = checkBatch(records);
  for (let race = 0; race < RACES_MAX; race++) {
    const after = await ports.log.head(partition);
    const start = after?.next ?? 0;
    const repeated = records.filter(({ offset }) => offset < start);
    await checkRepeated(repeated, ports.log);
    if (repeated.length === records.length) {
      return { commit: undefined, repeated: repeated.length };
    }
    const window = new Window(ports, { partition, after });
    for (const record of records.slice(repeated.length)) {
      window.add(record);
    }
    const commit = await window.write();
    if ((await ports.log.append(commit)) === 'committed') {
      return { commit, repeated: repeated.length };
    }
  }
  throw tooManyRaces(partition);
}

function tooManyRaces(partition: number): PipelineError {
  const message = `Cannot commit partition ${partition}: ${RACES_MAX} writers in a row came first, there should be one`;
  return new PipelineError('UNAVAILABLE', message, { retryable: true });
}

/** Before anything is dropped as repeated: a window would only see the rest. */
function checkBatch(records: readonly KafkaRecord[]): KafkaRecord {
  const [first] = records;
  if (!first) {
    throw new BrokenInvariantError('Cannot sink a batch: it has no records');
  }
  for (const [index, record] of records.entries()) {
    const previous = records[index - 1];
    if (record.partition !== first.partition || (previous && record.offset <= previous.offset)) {
      throw outOfOrder(record);
    }
  }
  return first;
}
