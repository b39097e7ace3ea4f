/** A Kafka cluster in memory, as the `EventProducer` port. */
import type { EventProducer, OutgoingRecord, ProduceResult } from '../../../pipeline/ports.ts';

export interface MemoryProducer extends EventProducer {
  /** What is stored, partition by partition, under `topic/partition`. */
  readonly logs: Map<string, OutgoingRecord[]>;
  /** Partitions that store nothing, in the same form; `*` stands for all. */
  readonly broken: Set<string>;
}

export function memoryProducer(): MemoryProducer {
  const logs = new Map<string, OutgoingRecord[]>();
  const broken = new Set<string>();
  return {
    logs,
    broken,
    async produce(records) {
      return records.map((record): ProduceResult => {
        const name = `${record.topic}/${record.partition}`;
        if (broken.has(name) || broken.has('*')) {
          return { error: new Error(`no leader for ${name}`) };
        }
        const log = logs.get(name) ?? [];
        logs.set(name, [...log, record]);
        return { offset: log.length };
      });
    },
  };
}
