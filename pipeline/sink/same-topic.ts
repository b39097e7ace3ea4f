/** Tells a repeated record from the record of another topic that took the name and the offsets of the first. */
import { BrokenInvariantError, PipelineError } from '../errors.ts';
import type { KafkaRecord } from '../ports.ts';
import type { Commit } from './commit.ts';
import type { CommitLog } from './commit-log.ts';
import { valueChecksum } from './record-reader.ts';

/** The topic was deleted and made again under a lake that holds its first life. Waiting does not mend it. */
export class TopicReplacedError extends PipelineError {
  override readonly name = 'TopicReplacedError';

  constructor(topic: string, partition: number, reason: string) {
    const what = `Cannot sink partition ${partition} of the topic "${topic}": ${reason}`;
    const how = 'give the event a new name, or put the old lake and its ledger away (docs/runbook.md, Sink)';
    super('TOPIC_REPLACED', `${what}. The topic was deleted and made again; ${how}`, { retryable: false });
  }
}

/**
 * Checks that records below the chain's end are the ones that were committed, by what the commit says of them: the
 * range of their Kafka timestamps, the checksums of its first and last record, and what retention had deleted.
 *
 * When it throws, the partition's head is forgotten: it may be the memory of a lake that was put away since, and what
 * lies below such a head would pass for committed although no commit holds it.
 * @param repeated of one partition, offsets ascending; the first and the last are looked at.
 * @throws TopicReplacedError when one of them cannot be the committed record.
 * @throws BrokenInvariantError when no commit covers one of them.
 */
export async function checkRepeated(repeated: readonly KafkaRecord[], log: CommitLog): Promise<void> {
  for (const record of new Set([repeated[0], repeated.at(-1)])) {
    const fault = record && findFault(record, await log.covering(record.partition, record.offset));
    if (fault) {
      log.forget(record.partition);
      throw fault;
    }
  }
}

function findFault(record: KafkaRecord, commit: Commit | undefined): PipelineError | undefined {
  const { topic, partition, offset } = record;
  if (!commit) {
    const what = `Cannot pass over offset ${offset} of partition ${partition} of the topic "${topic}"`;
    return new BrokenInvariantError(`${what}: the chain's head is beyond it, but no commit covers it`);
  }
  const reason = `its record at offset ${offset} is not the one that was committed`;
  return isCommitted(record, commit) ? undefined : new TopicReplacedError(topic, partition, reason);
}

function isCommitted(record: KafkaRecord, { first, last, ends, timestamps, gaps }: Commit): boolean {
  const { offset, timestamp } = record;
  const gap = gaps.find((each) => offset >= each.first && offset < each.next);
  if (gap) {
    // What one trigger passes over because its transaction was aborted, the other may deliver: Lambda does not say
    // which it reads. What retention has deleted nobody delivers.
    return gap.cause === 'unknown';
  }
  return (
    timestamp >= timestamps.min &&
    timestamp <= timestamps.max &&
    (offset !== first || valueChecksum(record) === ends.first) &&
    (offset !== last || valueChecksum(record) === ends.last)
  );
}
