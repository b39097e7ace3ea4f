import fc from 'fast-check';
import type { KafkaRecord, ObjectStore } from '../../../pipeline/ports.ts';
import { commitLog } from '../../../pipeline/sink/commit-log.ts';
import { drainTopic } from '../../../pipeline/sink/drain.ts';
import { rowEncoder } from '../../../pipeline/sink/row-encoder.ts';
import { type SinkPorts, sinkPartition } from '../../../pipeline/sink/sink.ts';
import { ORDER_VERSION_ID, orderContract } from '../ingest/order-events.ts';
import { memoryObjectStore } from '../ports/memory-object-store.ts';
import { memoryTopic } from '../ports/memory-topic.ts';
import { commitsOf, lettersOf, rowsOf } from './lake-contents.ts';
import { kafkaRecord } from './order-records.ts';

/** What happens to one call of the store. `again`: the answer was lost, and the SDK's second try met the first one. */
type Fault = 'none' | 'before' | 'after' | 'again';

/**
 * One delivery of the stream's trigger or one run of the drain, or two at once: by writer 0 or 1; a delivery starts `back`
 * records before what is acknowledged and brings `count`, a run drains as many records as that, in commits of `count`.
 */
interface Work {
  readonly trigger: 'stream' | 'drain';
  readonly back: number;
  readonly count: number;
}

interface Delivery extends Work {
  readonly writer: number;
  readonly restart: boolean;
  readonly faults: readonly Fault[];
  readonly overlapping: Work | null;
}

const fault = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Fault>('none') },
  { weight: 1, arbitrary: fc.constantFrom<Fault>('before', 'after', 'again') },
);
const work = {
  trigger: fc.constantFrom('stream' as const, 'drain' as const),
  back: fc.nat(6),
  count: fc.integer({ min: 1, max: 8 }),
};
const delivery: fc.Arbitrary<Delivery> = fc.record({
  writer: fc.nat(1),
  ...work,
  restart: fc.nat(3).map((draw) => draw === 0),
  faults: fc.array(fault, { maxLength: 6, size: 'max' }),
  overlapping: fc.option(fc.record(work), { freq: 2 }),
});
/** Distance to the next offset (1 is no gap) and whether the record decodes. */
const topic = fc.array(fc.tuple(fc.constantFrom(1, 1, 1, 2, 5), fc.boolean()), { minLength: 1, maxLength: 25 });

function recordsOf(steps: ReadonlyArray<readonly [step: number, good: boolean]>): KafkaRecord[] {
  let offset = -1;
  return steps.map(([step, good]) => {
    offset += step;
    return kafkaRecord(offset, good ? {} : { value: Buffer.from(`corrupt ${offset}`) });
  });
}

/** A store that obeys the queue of faults, and in which nothing may change that was written once. */
function faultyStore(objects: Map<string, Uint8Array>, faults: Fault[]): ObjectStore {
  const store = memoryObjectStore();
  const write = (key: string, body: Uint8Array): 'created' | 'exists' => {
    const known = objects.get(key);
    if (!known) {
      objects.set(key, Uint8Array.from(body));
    }
    return known ? 'exists' : 'created';
  };
  const call = async <Result>(work: () => Result, answerAgain: (first: Result) => Result): Promise<Result> => {
    const happens = faults.shift() ?? 'none';
    await new Promise((resolve) => setImmediate(resolve));
    if (happens === 'before') {
      throw new Error('S3 did not hear of it');
    }
    const result = work();
    if (happens === 'after') {
      throw new Error('the answer was lost');
    }
    return happens === 'again' ? answerAgain(result) : result;
  };
  const same = <Result>(result: Result): Result => result;
  return {
    ...store,
    get: (key) => call(() => objects.get(key) ?? new Uint8Array(), same),
    put: (key, body) =>
      call(() => {
        if (write(key, body) === 'exists') {
          expect(Buffer.from(objects.get(key) ?? []).equals(body)).toBe(true);
        }
      }, same),
    putIfAbsent: (key, body) =>
      call(
        () => write(key, body),
        () => 'exists',
      ),
    list: ({ prefix, startAfter, keysMax }) =>
      call(
        () =>
          [...objects.keys()]
            .filter((key) => key.startsWith(prefix))
            .filter((key) => startAfter === undefined || key > startAfter)
            .sort()
            .slice(0, keysMax)
            .map((key) => ({ key, bytes: 0, modifiedAt: 0 })),
        same,
      ),
  };
}

async function checkLake(objects: ReadonlyMap<string, Uint8Array>, records: readonly KafkaRecord[]): Promise<void> {
  let next = 0;
  const seen: number[] = [];
  const gaps: number[] = [];
  for (const commit of commitsOf(objects)) {
    expect(commit.start).toBe(next);
    next = commit.next;
    const rows = await rowsOf(objects, commit);
    const letters = lettersOf(objects, commit);
    expect([rows.length, letters.length]).toEqual([commit.rows, commit.rejected?.count ?? 0]);
    expect(rows.reduce((sum, row) => sum + Number(row['_checksum']), 0)).toBe(commit.checksum);
    seen.push(...rows.map((row) => Number(row['_offset'])), ...letters.map(({ offset }) => offset));
    for (const gap of commit.gaps) {
      gaps.push(...Array.from({ length: gap.next - gap.first }, (_, index) => gap.first + index));
    }
  }
  const offsets = records.map(({ offset }) => offset);
  expect(seen.sort((a, b) => a - b)).toEqual(offsets);
  expect(next).toBe((offsets.at(-1) ?? 0) + 1);
  expect(gaps).toEqual(
    Array.from({ length: next }, (_, offset) => offset).filter((offset) => !offsets.includes(offset)),
  );
}

/** A run that sees the topic as long as `records`. A record takes about 240 bytes. */
const drain = (records: readonly KafkaRecord[], ports: SinkPorts, recordsPerCommit: number): Promise<number> =>
  drainTopic(
    {
      ...ports,
      reader: memoryTopic([[...records]]),
      encoders: [ports.rows],
      timeLeftMs: () => 60_000,
      now: () => 0,
      committed: () => undefined,
    },
    { inputBytesMax: recordsPerCommit * 240, reserveMs: 1000 },
  );

// Compiling them is the slow part, and they keep nothing from one batch to the next.
const encoders = [0, 1].map(() => rowEncoder(orderContract, [ORDER_VERSION_ID]));

test('sinkPartition: whatever is redelivered, crashes, races or gets no answer, each offset is committed once', async () => {
  await fc.assert(
    fc.asyncProperty(topic, fc.array(delivery, { maxLength: 12, size: 'max' }), async (steps, deliveries) => {
      const records = recordsOf(steps);
      const objects = new Map<string, Uint8Array>();
      const faults: Fault[] = [];
      const lake = faultyStore(objects, faults);
      const writer = (index: number): SinkPorts => ({
        contract: orderContract,
        lake,
        log: commitLog(lake),
        rows: encoders[index] as SinkPorts['rows'],
      });
      const writers = [writer(0), writer(1)];
      /** Records before this one are acknowledged to Kafka: the trigger brings them again, or goes on from there. */
      let acknowledged = 0;
      const deliver = async (index: number, { trigger, back, count }: Work): Promise<void> => {
        const from = Math.max(0, acknowledged - back);
        const ports = writers[index] as SinkPorts;
        const batch = records.slice(trigger === 'drain' ? 0 : from, from + count);
        if (batch.length > 0) {
          await (trigger === 'drain' ? drain(batch, ports, count) : sinkPartition(batch, ports)).then(
            () => {
              acknowledged = Math.max(acknowledged, from + count);
            },
            () => undefined,
          );
        }
      };
      for (const { writer: index, restart, faults: planned, overlapping, ...work } of deliveries) {
        faults.splice(0, faults.length, ...planned);
        if (restart) {
          writers[index] = writer(index);
        }
        const both = [deliver(index, work)];
        if (overlapping) {
          both.push(deliver(1 - index, overlapping));
        }
        await Promise.all(both);
      }
      faults.length = 0;
      while (acknowledged < records.length) {
        await deliver(acknowledged % 2, { trigger: acknowledged % 3 === 0 ? 'drain' : 'stream', back: 3, count: 7 });
      }
      await checkLake(objects, records);
    }),
    { numRuns: 150 },
  );
});
