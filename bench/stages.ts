/**
 * `node bench/stages.ts`: how fast each stage is alone, on the 231,083 flights, without processes and networks around
 * it. The limit beside ingest and sink is what nobody can go below: parsing the same JSON, compressing the same bytes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { flights } from '../cli/demo/flights.ts';
import { duckdbWarehouse } from '../pipeline/adapters/duckdb-warehouse.ts';
import { loadContract } from '../pipeline/contract/load-contract.ts';
import { newestVersion, tableColumns } from '../pipeline/contract/table-columns.ts';
import { ingest } from '../pipeline/ingest/ingest.ts';
import { loadCommits } from '../pipeline/load/load-commits.ts';
import type { EventProducer, KafkaRecord, ObjectStore } from '../pipeline/ports.ts';
import { commitLog } from '../pipeline/sink/commit-log.ts';
import { rowEncoder } from '../pipeline/sink/row-encoder.ts';
import { sinkPartition } from '../pipeline/sink/sink.ts';
import { memoryObjectStore } from '../test/pipeline/ports/memory-object-store.ts';

const EVENTS_PER_REQUEST = 1_000;
const RECORDS_PER_BATCH = 4_000;
const COMMITS_PER_LOAD = 10;
const VERSION_ID = '11111111-2222-3333-4444-555555555555';

const vega = dirname(createRequire(import.meta.url).resolve('vega-datasets/package.json'));
const set = flights(join(vega, 'data', 'flights-200k.json'));
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
  const objects = await lake.list({ prefix: 'commits/', keysMax: 1_000 });
  const notification = (key: string) =>
    JSON.stringify({ Records: [{ s3: { bucket: { name: 'lake' }, object: { key } } }] });
  for (let start = 0; start < objects.length; start += COMMITS_PER_LOAD) {
    const messages = objects
      .slice(start, start + COMMITS_PER_LOAD)
      .map(({ key }) => ({ id: key, body: notification(key) }));
    const { failures } = await loadCommits(messages, { table, bucket: 'lake', lake, warehouse });
    if (failures[0]) {
      throw failures[0].error;
    }
  }
}

/** Events a second of the whole set. */
async function rate(work: () => Promise<void> | void): Promise<number> {
  const started = performance.now();
  await work();
  return Math.round(set.size / ((performance.now() - started) / 1000));
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
const parse = await rate(() => {
  for (const body of bodies) {
    JSON.parse(body.toString());
  }
});
const ingested = await rate(() => ingestAll(bodies));
const compress = await rate(() => {
  for (let start = 0; start < records.length; start += RECORDS_PER_BATCH) {
    const batch = records.slice(start, start + RECORDS_PER_BATCH);
    zstdCompressSync(Buffer.concat(batch.map(({ value }) => value ?? Buffer.alloc(0))));
  }
});
const sunk = await rate(() => sinkAll(lake));
const loaded = await rate(() => loadAll(lake, folder));
rmSync(folder, { recursive: true });
console.table([
  {
    stage: 'ingest',
    'events/s': ingested,
    limit: 'JSON.parse',
    'limit/s': parse,
    share: +(ingested / parse).toFixed(2),
  },
  {
    stage: 'sink',
    'events/s': sunk,
    limit: 'zstd of values',
    'limit/s': compress,
    share: +(sunk / compress).toFixed(2),
  },
  { stage: 'load', 'events/s': loaded, limit: '–', 'limit/s': '–', share: '–' },
]);
