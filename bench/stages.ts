/**
 * `node bench/stages.ts [orders]`: what each stage alone takes, on the 231,083 flights, or on orders of 1 KB, without
 * processes and networks around it. Times are of the processor, all threads together, so that a busy machine does not change them. The limit beside
 * ingest and sink is what nobody can go below: parsing the same JSON, compressing the same bytes.
 * `cli/cost/measured.ts` has its numbers.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import type { MSKEvent } from 'aws-lambda';
import { flights } from '../cli/demo/flights.ts';
import { partitionsOf } from '../lambdas/sink/kafka-event.ts';
import { duckdbWarehouse } from '../pipeline/adapters/duckdb-warehouse.ts';
import { COMPACT_LIMITS, compactLake } from '../pipeline/compact/compact.ts';
import { loadContract } from '../pipeline/contract/load-contract.ts';
import { newestVersion, tableColumns } from '../pipeline/contract/table-columns.ts';
import { ingest } from '../pipeline/ingest/ingest.ts';
import { loadCommits } from '../pipeline/load/load-commits.ts';
import type { EventProducer, KafkaRecord, ObjectStore } from '../pipeline/ports.ts';
import { commitLog } from '../pipeline/sink/commit-log.ts';
import { rowEncoder } from '../pipeline/sink/row-encoder.ts';
import { sinkPartition } from '../pipeline/sink/sink.ts';
import { memoryObjectStore } from '../test/pipeline/ports/memory-object-store.ts';
import { orders } from './stages/orders.ts';

const EVENTS_PER_REQUEST = 1_000;
const RECORDS_PER_BATCH = 4_000;
const COMMITS_PER_LOAD = 10;
const VERSION_ID = '11111111-2222-3333-4444-555555555555';

const vega = dirname(createRequire(import.meta.url).resolve('vega-datasets/package.json'));
const set = process.argv[2] === 'orders' ? orders(50_000) : flights(join(vega, 'data', 'flights-200k.json'));
const contract = loadContract(`schemas/${set.event}`);

const records: KafkaRecord[] = [];
/** Stores records as Kafka would, in one partition. */
const producer: EventProducer = {
  async produce(outgoing) {
    return outgoing.map(({ topic, key, value, headers, timestamp }) => {
      const bytes = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)] as const);
      const offset = records.length;
      records.push({ topic, partition: 0, offset, timestamp, key, value, headers: bytes });
      return { offset };
    });
  },
};

async function ingestAll(bodies: readonly Buffer[]): Promise<void> {
  const entry = { contract, schemaVersionIds: [VERSION_ID] };
  const ports = { catalog: { find: async () => entry }, producer, now: Date.now, random: Math.random };
  for (const body of bodies) {
    const headers = { 'content-type': 'application/cloudevents-batch+json' };
    const { status } = await ingest({ headers, body }, ports);
    if (status !== 200) {
      throw new Error(`The API answered ${status}`);
    }
  }
}

async function sinkAll(lake: ObjectStore): Promise<void> {
  const ports = { contract, lake, log: commitLog(lake), rows: rowEncoder(contract, [VERSION_ID]) };
  for (let start = 0; start < records.length; start += RECORDS_PER_BATCH) {
    await sinkPartition(records.slice(start, start + RECORDS_PER_BATCH), ports);
  }
}

async function loadAll(lake: ObjectStore, folder: string): Promise<void> {
  const table = {
    event: set.event,
    table: contract.warehouse.table,
    schemaVersion: newestVersion(contract).version,
    columns: tableColumns(contract),
  };
  const warehouse = duckdbWarehouse(join(folder, 'warehouse.duckdb'), lake);
  const queue = { postpone: async () => {} };
  const objects = await lake.list({ prefix: 'commits/', keysMax: 1_000 });
  const notification = (key: string) =>
    JSON.stringify({ Records: [{ s3: { bucket: { name: 'lake' }, object: { key } } }] });
  for (let start = 0; start < objects.length; start += COMMITS_PER_LOAD) {
    const messages = objects
      .slice(start, start + COMMITS_PER_LOAD)
      .map(({ key }) => ({ id: key, body: notification(key), postponed: 0 }));
    const timeLeftMs = () => Number.POSITIVE_INFINITY;
    const { failures } = await loadCommits(messages, { table, bucket: 'lake', lake, warehouse, queue, timeLeftMs });
    if (failures[0]) {
      throw failures[0].error;
    }
  }
}

/** The records as Lambda's Kafka trigger delivers them: key and value in base64, header values as lists of bytes. */
function lambdaEvents(): Buffer[] {
  return Array.from({ length: Math.ceil(records.length / RECORDS_PER_BATCH) }, (_, batch) => {
    const delivered = records.slice(batch * RECORDS_PER_BATCH, (batch + 1) * RECORDS_PER_BATCH).map((record) => ({
      ...{ topic: record.topic, partition: record.partition, offset: record.offset, timestamp: record.timestamp },
      timestampType: 'CREATE_TIME',
      ...(record.key && { key: Buffer.from(record.key).toString('base64') }),
      ...(record.value && { value: Buffer.from(record.value).toString('base64') }),
      headers: record.headers.map(([name, value]) => ({ [name]: [...value] })),
    }));
    return Buffer.from(JSON.stringify({ eventSource: 'aws:kafka', records: { [`${set.event}-0`]: delivered } }));
  });
}

/** Microseconds of the processor for each event of the whole set. */
async function microsPerEvent(work: () => Promise<void> | void): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return +((user + system) / set.size).toFixed(2);
}

const bodies = Array.from({ length: Math.ceil(set.size / EVENTS_PER_REQUEST) }, (_, request) => {
  const start = request * EVENTS_PER_REQUEST;
  const events = Array.from({ length: Math.min(EVENTS_PER_REQUEST, set.size - start) }, (_, index) => {
    const { id, data } = set.eventAt(start + index);
    return { specversion: '1.0', id, source: set.source, type: set.event, data };
  });
  return Buffer.from(JSON.stringify(events));
});
const folder = mkdtempSync(join(tmpdir(), 'headrace-bench-'));
const lake = memoryObjectStore();
const parse = await microsPerEvent(() => {
  for (const body of bodies) {
    JSON.parse(body.toString());
  }
});
const ingested = await microsPerEvent(() => ingestAll(bodies));
const compress = await microsPerEvent(() => {
  for (let start = 0; start < records.length; start += RECORDS_PER_BATCH) {
    const batch = records.slice(start, start + RECORDS_PER_BATCH);
    zstdCompressSync(Buffer.concat(batch.map(({ value }) => value ?? Buffer.alloc(0))));
  }
});
const events = lambdaEvents();
const delivered = await microsPerEvent(() => {
  for (const event of events) {
    partitionsOf(JSON.parse(event.toString()) as MSKEvent);
  }
});
const sunk = await microsPerEvent(() => sinkAll(lake));
const loaded = await microsPerEvent(() => loadAll(lake, folder));
rmSync(folder, { recursive: true });
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
const data = await lake.list({ prefix: 'data/', keysMax: 1_000 });
const compacted = await microsPerEvent(async () => {
  const now = () => Date.now() + COMPACT_LIMITS.waitsUntilMs;
  await compactLake({ contract, lake, now, timeLeftMs: () => Number.POSITIVE_INFINITY }, COMPACT_LIMITS);
});
const headerBytes = records.map(({ headers }) => sum(headers.flatMap(([name, value]) => [name.length, value.length])));
const line = (stage: string, micros: number, limit = '–', limitMicros: number | undefined = undefined) => ({
  stage,
  'µs/event': micros,
  'events/s': Math.round(1_000_000 / micros),
  limit,
  'limit µs': limitMicros ?? '–',
  'times the limit': limitMicros === undefined ? '–' : +(micros / limitMicros).toFixed(2),
});
console.table([
  line('ingest', ingested, 'JSON.parse', parse),
  line('Lambda’s event', delivered),
  line('sink', sunk, 'zstd of values', compress),
  line('load (DuckDB)', loaded),
  line('compact', compacted),
]);
console.table({
  'bytes/event, request': +(sum(bodies.map(({ length }) => length)) / set.size).toFixed(1),
  'bytes/event, Kafka value': +(sum(records.map(({ value }) => value?.length ?? 0)) / set.size).toFixed(1),
  'bytes/event, Kafka headers': +(sum(headerBytes) / set.size).toFixed(1),
  'bytes/event, Lambda’s event': +(sum(events.map(({ length }) => length)) / set.size).toFixed(1),
  'bytes/event, Parquet': +(sum(data.map(({ bytes }) => bytes)) / set.size).toFixed(1),
});
