/** A topic in memory, as the `TopicReader` port. */
import type { KafkaRecord, PartitionOffsets, TopicReader } from '../../../pipeline/ports.ts';

export interface MemoryTopic extends TopicReader {
  /** Of each partition, offsets ascending; a gap is what a marker or compaction leaves. */
  readonly partitions: KafkaRecord[][];
  /** What retention has deleted: the first offsets that are left. @default 0 for each partition */
  readonly low: number[];
}

/** @param recordsPerBatch of what `read` yields at a time. */
export function memoryTopic(partitions: KafkaRecord[][], recordsPerBatch = 3): MemoryTopic {
  const low = partitions.map(() => 0);
  return {
    partitions,
    low,
    async offsets() {
      return partitions.map(
        (records, partition): PartitionOffsets => ({
          partition,
          low: low[partition] ?? 0,
          high: Math.max(low[partition] ?? 0, (records.at(-1)?.offset ?? -1) + 1),
        }),
      );
    },
    async *read(_topic, { partition, first, next }) {
      const from = Math.max(first, low[partition] ?? 0);
      const records = (partitions[partition] ?? []).filter(({ offset }) => offset >= from && offset < next);
      for (let start = 0; start < records.length; start += recordsPerBatch) {
        yield records.slice(start, start + recordsPerBatch);
      }
    },
    async close() {},
  };
}
