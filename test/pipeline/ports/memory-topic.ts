/** A Kafka topic in memory, as the `TopicReader` port. */
import type { KafkaRecord, PartitionOffsets, TopicReader } from '../../../pipeline/ports.ts';

export interface MemoryTopic extends TopicReader {
  /** What each partition holds, ascending by offset; offsets may be left out, as by a transaction's marker. */
  readonly records: Map<number, KafkaRecord[]>;
  /** The watermarks that are not those of the records. */
  readonly watermarks: Map<number, { low?: number; high?: number }>;
}

/**
 * @param partitions what it holds at first.
 * @param batchRecords how many `read` yields at a time; few, so that readers meet several batches.
 */
export function memoryTopic(partitions: readonly KafkaRecord[][] = [], batchRecords = 3): MemoryTopic {
  const records = new Map(partitions.entries());
  const watermarks: MemoryTopic['watermarks'] = new Map();
  const offsetsOf = (partition: number): PartitionOffsets => {
    const held = records.get(partition) ?? [];
    const { low = held[0]?.offset ?? 0, high = (held.at(-1)?.offset ?? -1) + 1 } = watermarks.get(partition) ?? {};
    return { partition, low, high };
  };
  return {
    records,
    watermarks,
    offsets: async () => [...records.keys()].sort((a, b) => a - b).map(offsetsOf),
    end: async (_, partition) => (records.get(partition)?.at(-1)?.offset ?? -1) + 1,
    async *read(_, { partition, first, next }) {
      const { low, high } = offsetsOf(partition);
      const readable = (records.get(partition) ?? []).filter(
        ({ offset }) => offset >= Math.max(first, low) && offset < Math.min(next, high),
      );
      for (let at = 0; at < readable.length; at += batchRecords) {
        yield readable.slice(at, at + batchRecords);
      }
    },
    async close() {},
  };
}
