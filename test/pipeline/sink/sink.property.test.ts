import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { compactLake } from '../../../pipeline/compact/compact.ts';
import type { CompiledContract } from '../../../pipeline/contract/compiled-contract.ts';
import type { KafkaRecord } from '../../../pipeline/ports.ts';
import type { Commit } from '../../../pipeline/sink/commit.ts';
import { commitKey, commitLog } from '../../../pipeline/sink/commit-log.ts';
import { drainTopic } from '../../../pipeline/sink/drain.ts';
import { type RowEncoder, rowEncoder } from '../../../pipeline/sink/row-encoder.ts';
import { type SinkPorts, sinkPartition } from '../../../pipeline/sink/sink.ts';
import { ORDER_VERSION_ID, orderContract, orderData } from '../ingest/order-events.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../ports/memory-object-store.ts';
import { type MemoryTopic, memoryTopic } from '../ports/memory-topic.ts';
import { checkPartition } from './check-partition.ts';
import { evolvedOrder, SECOND_VERSION_ID } from './evolved-order.ts';
import { type Fault, type Hostility, hostileReader, hostileStore, InjectedError } from './hostile-world.ts';
import { framed, INGESTED_AT, kafkaRecord } from './order-records.ts';

const PARTITIONS = 2;
const WRITERS = 3;
/** About what a window counts for a record: a limit of so many times it makes commits of about so many records. */
const RECORD_BYTES = 220;

/** What one function does next. A delivery of the stream begins `back` records before what is acknowledged. */
interface Work {
  readonly does: 'stream' | 'drain' | 'compact';
  readonly partition: number;
  readonly back: number;
  readonly count: number;
  /** Records that come into the topic before it. */
  readonly produced: number;
  /** Whether it is the first of a new environment, which remembers nothing. */
  readonly restart: boolean;
}

const work: fc.Arbitrary<Work> = fc.record({
  does: fc.constantFrom('stream', 'stream', 'drain', 'drain', 'compact'),
  partition: fc.nat(PARTITIONS - 1),
  back: fc.nat(6),
  count: fc.integer({ min: 1, max: 6 }),
  produced: fc.nat(9),
  restart: fc.nat(3).map((draw) => draw === 0),
});
const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Fault>('none') },
  { weight: 2, arbitrary: fc.constantFrom<Fault>('before', 'after', 'again', 'late') },
  { weight: 1, arbitrary: fc.integer({ min: 2, max: 30 }) },
);
const writer = fc.record({
  works: fc.array(work, { minLength: 1, maxLength: 6, size: 'max' }),
  faults: fc.array(fault, { maxLength: 40, size: 'max' }),
});

/** How far it is to the next offset (1 is no gap), and what the record is. */
const step = fc.tuple(fc.constantFrom(1, 1, 1, 2, 5), fc.constantFrom('WEB', 'APP', 'second version', 'corrupt'));
const partition = fc.array(step, { minLength: 1, maxLength: 25, size: 'max' });

let folder: string;
/** The function before and after a deployment, in a lake with one folder and the overflow. */
let contracts: readonly CompiledContract[];
/** Compiling them is the slow part, and they keep nothing from one commit to the next. */
let encoders: readonly RowEncoder[][];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-property-'));
  const lake = { partitionBy: ['channel'], openPartitionsMax: 1 };
  contracts = [orderContract, await evolvedOrder(folder)].map((each) => ({ ...each, lake }));
  encoders = Array.from({ length: WRITERS }, (_, index) =>
    Array.from({ length: PARTITIONS }, () =>
      rowEncoder(contractOf(index), [ORDER_VERSION_ID, SECOND_VERSION_ID].slice(0, contractOf(index).versions.length)),
    ),
  );
});
afterAll(() => rm(folder, { recursive: true }));

const contractOf = (writer: number): CompiledContract => contracts[Math.min(writer, 1)] as CompiledContract;

function recordsOf(partition: number, steps: ReadonlyArray<readonly [distance: number, kind: string]>): KafkaRecord[] {
  let offset = -1;
  return steps.map(([distance, kind]) => {
    offset += distance;
    const data = orderData({ order_id: `o-${partition}-${offset}`, channel: kind === 'APP' ? 'APP' : 'WEB' });
    const values: Record<string, () => Uint8Array> = {
      corrupt: () => Buffer.from(`corrupt ${offset}`),
      'second version': () => framed({ ...data, note: 'ring twice' }, SECOND_VERSION_ID, contracts[1]),
    };
    const value = values[kind]?.() ?? framed(data);
    return kafkaRecord(offset, { partition, value, timestamp: INGESTED_AT + ((offset * 7) % 5) });
  });
}

/** Everything that writers share. */
interface World {
  readonly topic: MemoryTopic;
  readonly lake: MemoryObjectStore;
  readonly all: readonly KafkaRecord[][];
  /** How many of them are in the topic, and how many are acknowledged, for each partition. */
  readonly produced: number[];
  readonly acknowledged: number[];
  /** Keys of commits, once for each time that a writer said that it was its own. */
  readonly told: string[];
  /** The most commits that were made during one run of the drain. */
  ofOneRun: number;
}

/** An environment of a function: what it does one after the other, while the others do theirs. */
function environment(index: number, world: World, hostility: Hostility): (work: Work) => Promise<void> {
  const lake = hostileStore(world.lake, hostility);
  const reader = hostileReader(world.topic, hostility);
  const contract = contractOf(index);
  const lanes = encoders[index] as RowEncoder[];
  const tell = (commit: Commit): void => void world.told.push(commitKey(commit.partition, commit.start));
  let log = commitLog(lake);
  const ports = (): SinkPorts => ({ contract, lake, log, rows: lanes[0] as RowEncoder });
  const doing = {
    async stream({ partition, back, count }: Work) {
      const from = Math.max(0, (world.acknowledged[partition] ?? 0) - back);
      const to = Math.min(from + count, world.produced[partition] ?? 0);
      const batch = world.all[partition]?.slice(from, to) ?? [];
      if (batch.length > 0) {
        const { commit } = await sinkPartition(batch, ports());
        world.acknowledged[partition] = Math.max(world.acknowledged[partition] ?? 0, to);
        if (commit) tell(commit);
      }
    },
    async drain({ count }: Work) {
      log = commitLog(lake);
      const before = world.told.length;
      const run = { ...ports(), reader, encoders: lanes, timeLeftMs: () => 60_000, now: () => 0, committed: tell };
      await drainTopic(run, { inputBytesMax: count * RECORD_BYTES, reserveMs: 1000 });
      world.ofOneRun = Math.max(world.ofOneRun, world.told.length - before);
    },
    async compact({ count }: Work) {
      const run = { contract: contracts[1] as CompiledContract, lake, now: () => 1e6, timeLeftMs: () => 60_000 };
      const limits = { fileBytes: 1e6, rowsMax: count, objectsMax: 100, settledAfterMs: 0, waitsUntilMs: 5 };
      await compactLake(run, { ...limits, reserveMs: 1000 });
    },
  };
  return async (work) => {
    log = work.restart ? commitLog(lake) : log;
    produce(world, work.partition, work.produced);
    await doing[work.does](work).catch(checkError);
  };
}

/** Markers of transactions and records that were aborted are below the high watermark too. */
function produce({ all, produced, topic }: World, partition: number, count: number): void {
  const records = all[partition] ?? [];
  produced[partition] = Math.min(records.length, (produced[partition] ?? 0) + count);
  const end = (records.at(-1)?.offset ?? 0) + 3;
  topic.watermarks.set(partition, { low: 0, high: records[produced[partition]]?.offset ?? end });
}

/** Whatever happens, a function fails by what happened to it, and not by what it finds in the lake. */
function checkError(error: unknown): void {
  const causes = error instanceof AggregateError ? error.errors : [error];
  expect(causes.filter((cause) => !(cause instanceof InjectedError))).toEqual([]);
}

test('sinkPartition, drainTopic: whatever is redelivered, dies, races or gets no answer, each offset is committed once', async () => {
  let ofOneRun = 0;
  const property = fc.asyncProperty(
    fc.scheduler(),
    fc.array(partition, { minLength: PARTITIONS, maxLength: PARTITIONS }),
    fc.array(writer, { minLength: WRITERS, maxLength: WRITERS }),
    async (scheduler, steps, writers) => {
      const all = steps.map((each, index) => recordsOf(index, each));
      const none = Array.from({ length: PARTITIONS }, () => 0);
      const lake = memoryObjectStore(() => 0);
      const world: World = {
        topic: memoryTopic(all),
        lake,
        all,
        produced: [...none],
        acknowledged: [...none],
        told: [],
        ofOneRun: 0,
      };
      none.forEach((_, index) => void produce(world, index, 0));
      const broken: string[] = [];
      const hostilities = writers.map(({ faults }): Hostility => ({ scheduler, faults: [...faults], broken }));
      const environments = hostilities.map((hostility, index) => environment(index, world, hostility));
      const lives = writers.map(async ({ works }, index) => {
        for (const each of works) {
          await environments[index]?.(each);
        }
      });
      await scheduler.waitFor(Promise.all(lives));
      await scheduler.waitIdle();
      for (const hostility of hostilities) {
        hostility.scheduler = undefined;
        hostility.faults.length = 0;
      }
      for (const does of ['stream', 'drain', 'compact'] as const) {
        await environments[1]?.({ does, partition: 0, back: 3, count: 4, produced: 99, restart: false });
        produce(world, 1, 99);
      }
      ofOneRun = Math.max(ofOneRun, world.ofOneRun);
      expect(broken).toEqual([]);
      expect(new Set(world.told).size).toBe(world.told.length);
      for (const [index, records] of all.entries()) {
        await checkPartition(world.lake, index, records, world.topic.watermarks.get(index)?.high ?? 0);
      }
    },
  );
  await fc.assert(property, { numRuns: 100 });
  expect(ofOneRun).toBeGreaterThan(2 * PARTITIONS);
});
