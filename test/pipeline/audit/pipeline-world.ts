/** A topic, its lake and its table, filled by the real sink and the real warehouse; and ways to break them. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { duckdbWarehouse } from '../../../pipeline/adapters/duckdb-warehouse.ts';
import { type AuditPorts, type AuditReport, audit } from '../../../pipeline/audit/audit.ts';
import { warehouseTable } from '../../../pipeline/load/warehouse-table.ts';
import type { KafkaRecord, PendingLoad } from '../../../pipeline/ports.ts';
import { commitKey, commitLog } from '../../../pipeline/sink/commit-log.ts';
import { rowEncoder } from '../../../pipeline/sink/row-encoder.ts';
import { sinkPartition } from '../../../pipeline/sink/sink.ts';
import { ORDER_VERSION_ID, orderContract, orderData } from '../ingest/order-events.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../ports/memory-object-store.ts';
import { type MemoryTopic, memoryTopic } from '../ports/memory-topic.ts';
import { framed, kafkaRecord } from '../sink/order-records.ts';

export interface PipelineWorld extends AuditPorts {
  readonly lake: MemoryObjectStore;
  readonly reader: MemoryTopic;
  readonly clock: { now: number };
  /** Records at the offsets into Kafka; those of `rejected` do not decode. */
  produce(partition: number, offsets: readonly number[], rejected?: readonly number[]): void;
  /** Commits what Kafka holds beyond the chain's end, with a contract of one's own at choice. */
  sink(partition: number, schemaVersionIds?: readonly string[]): Promise<PendingLoad>;
  load(...loads: readonly PendingLoad[]): Promise<void>;
  /** Changes the warehouse behind everybody's back. */
  sql(statement: string): Promise<void>;
  audit(options?: Partial<Parameters<typeof audit>[1]>): Promise<AuditReport>;
}

export const offsets = (first: number, next: number): number[] =>
  Array.from({ length: next - first }, (_, index) => first + index);

/** @param folder for database files; the test removes it. */
export function pipelineWorld(folder: string, path = join(folder, `${Math.random()}.duckdb`)): PipelineWorld {
  const clock = { now: Date.UTC(2026, 10, 20, 12) };
  const lake = memoryObjectStore(() => clock.now);
  const reader = memoryTopic();
  const warehouse = duckdbWarehouse(path, lake);
  const table = warehouseTable(orderContract);
  const { name: topic, partitions, retentionHours } = orderContract.topic;
  const ports = { topic, partitions, retentionHours, table, lake, warehouse, reader };
  return {
    ...ports,
    clock,
    produce(partition, produced, rejected = []) {
      const added = produced.map((offset): KafkaRecord => {
        const value = rejected.includes(offset)
          ? Buffer.from(`no order ${offset}`)
          : framed(orderData({ order_id: `o-${partition}-${offset}` }));
        return kafkaRecord(offset, { partition, value, timestamp: clock.now });
      });
      reader.records.set(partition, [...(reader.records.get(partition) ?? []), ...added]);
    },
    async sink(partition, schemaVersionIds = [ORDER_VERSION_ID]) {
      const rows = rowEncoder(orderContract, schemaVersionIds);
      const log = commitLog(lake);
      const start = (await log.head(partition))?.next ?? 0;
      const pending = (reader.records.get(partition) ?? []).filter(({ offset }) => offset >= start);
      const { commit } = await sinkPartition(pending, { contract: orderContract, lake, log, rows });
      if (!commit) {
        throw new Error('nothing to sink');
      }
      return { commitKey: commitKey(partition, commit.start), commit };
    },
    async load(...loads) {
      await warehouse.load(table, loads);
    },
    async sql(statement) {
      const instance = await DuckDBInstance.create(path);
      const connection = await instance.connect();
      try {
        await connection.run(statement);
      } finally {
        connection.closeSync();
        instance.closeSync();
      }
    },
    audit: (options = {}) => audit(ports, { now: clock.now, loadGraceMs: 0, ...options }),
  };
}

interface Healthy {
  readonly world: PipelineWorld;
  readonly loads: readonly PendingLoad[];
}

let template: (Healthy & { readonly path: string }) | undefined;

/** Two partitions with two loaded commits each: a dead letter at offset 2 of partition 0, a gap at offset 7. */
export async function healthyWorld(folder: string): Promise<Healthy> {
  // Made once in each test file: a copy is ten times as fast.
  template ??= await makeHealthy(folder);
  const path = join(folder, `${Math.random()}.duckdb`);
  await copyFile(template.path, path);
  const world = pipelineWorld(folder, path);
  for (const [key, body] of template.world.lake.objects) {
    await world.lake.put(key, body);
  }
  for (const [partition, records] of template.world.reader.records) {
    world.reader.records.set(partition, [...records]);
  }
  world.clock.now = template.world.clock.now;
  return { world, loads: template.loads };
}

async function makeHealthy(folder: string): Promise<Healthy & { readonly path: string }> {
  const path = join(folder, 'template.duckdb');
  const world = pipelineWorld(folder, path);
  const loads: PendingLoad[] = [];
  world.produce(0, offsets(0, 5), [2]);
  world.produce(1, offsets(0, 3));
  loads.push(await world.sink(0), await world.sink(1));
  world.clock.now += 3_600_000;
  world.produce(0, [5, 6, 8, 9]);
  world.produce(1, offsets(3, 10));
  loads.push(await world.sink(0), await world.sink(1));
  world.clock.now += 3_600_000;
  await world.load(...loads);
  return { world, loads, path };
}
