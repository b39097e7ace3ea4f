import { decide, noteSent } from '../../../pipeline/dead-letters/decision-log.ts';
import type { KafkaRecord, LedgerEntry, ObjectStore, TopicReader } from '../../../pipeline/ports.ts';
import { contentKey } from '../../../pipeline/sink/content-key.ts';
import { DeadLetterLines } from '../../../pipeline/sink/dead-letter.ts';
import { eventStatus, type StatusPorts } from '../../../pipeline/status/event-status.ts';
import { orderContract } from '../ingest/order-events.ts';
import { commitRows, IDENTITY } from '../load/lake-fixture.ts';
import { memoryObjectStore } from '../ports/memory-object-store.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');
const SECOND = 1_000;
const contract = { ...orderContract, freshnessSeconds: 30, topic: { ...orderContract.topic, partitions: 2 } };

const record = (partition: number, offset: number, age: number): KafkaRecord => ({
  topic: 'order_created',
  partition,
  offset,
  timestamp: NOW - age * SECOND,
  key: null,
  value: Buffer.from('value'),
  headers: [],
});

/** Two partitions whose records have the ages given; the first offsets may be gone. */
function topic(
  ages: readonly [readonly number[], readonly number[]],
  low: readonly [number, number] = [0, 0],
): TopicReader {
  return {
    offsets: async () => ages.map((all, partition) => ({ partition, low: low[partition] ?? 0, high: all.length })),
    end: async (_, partition) => ages[partition]?.length ?? 0,
    async *read(_, { partition, first, next }) {
      const found = (ages[partition] ?? []).map((age, offset) => record(partition, offset, age)).slice(first, next);
      yield found;
    },
    close: async () => {},
  };
}

/** A lake whose partition 0 is committed up to `next`, the last record being of that age. */
async function lakeUpTo(next: number, age: number) {
  const lake = memoryObjectStore();
  const at = NOW - age * SECOND;
  await commitRows(lake, IDENTITY, 0, [], { files: [], last: next - 1, next, timestamps: { min: at, max: at } });
  return lake;
}

async function status(ports: Partial<StatusPorts>, ledger: readonly Pick<LedgerEntry, 'start' | 'next'>[] = []) {
  const warehouse = { ledger: async () => ledger as LedgerEntry[] };
  const table = { event: 'order_created', table: 'order_created', schemaVersion: 1, columns: [] };
  const loadMessages = async () => ({ waiting: 0, failed: 0 });
  const lake = memoryObjectStore();
  return eventStatus({ contract, lake, table, warehouse, reader: undefined, loadMessages, ...ports }, NOW);
}

test('eventStatus: an event that nobody has sent yet is well', async () => {
  expect(await status({ reader: topic([[], []]) })).toEqual({
    inKafka: 0,
    committed: 0,
    loaded: 0,
    lag: 0,
    freshnessSeconds: 0,
    deadLetters: 0,
    moreDeadLetters: false,
    messages: { waiting: 0, failed: 0 },
    health: 'ok',
  });
});

test('eventStatus: lag counts what no commit covers, and its oldest record says how fresh the lake is', async () => {
  const lake = await lakeUpTo(2, 20);
  const found = await status({ lake, reader: topic([[20, 20, 12, 3], [7]]) }, [{ start: 0, next: 2 }]);
  expect(found).toMatchObject({ inKafka: 5, committed: 2, loaded: 2, lag: 3, freshnessSeconds: 12, health: 'ok' });
});

test('eventStatus: a lake is behind when its oldest waiting record is older than promised', async () => {
  const lake = await lakeUpTo(2, 20);
  expect(await status({ lake, reader: topic([[50, 50, 31], []]) })).toMatchObject({
    freshnessSeconds: 31,
    health: 'lake is behind',
  });
});

test('eventStatus: what retention has deleted waits no more', async () => {
  const found = await status({ reader: topic([[500, 400, 9], []], [2, 0]) });
  expect(found).toMatchObject({ inKafka: 3, lag: 1, freshnessSeconds: 9 });
});

test('eventStatus: a warehouse is behind when a commit has waited for more than fifteen minutes', async () => {
  const reader = topic([[0, 0], []]);
  expect(await status({ lake: await lakeUpTo(2, 899), reader })).toMatchObject({ loaded: 0, health: 'ok' });
  expect(await status({ lake: await lakeUpTo(2, 901), reader })).toMatchObject({ health: 'warehouse is behind' });
  const loaded = await status({ lake: await lakeUpTo(2, 901), reader }, [{ start: 0, next: 2 }]);
  expect(loaded).toMatchObject({ loaded: 2, health: 'ok' });
});

test('eventStatus: loads that were given up are worse than anything else', async () => {
  const loadMessages = async () => ({ waiting: 4, failed: 1 });
  const found = await status({ lake: await lakeUpTo(2, 5_000), reader: topic([[900], []]), loadMessages });
  expect(found).toMatchObject({ messages: { waiting: 4, failed: 1 }, health: 'loads failed' });
});

function letters(...offsets: number[]): Uint8Array {
  const lines = new DeadLetterLines(1);
  for (const offset of offsets) {
    lines.add({ record: record(0, offset, 1), code: 'NULL_VALUE', reason: 'r' });
  }
  return lines.bytes;
}

const putRejected = (lake: ObjectStore, stem: string, body: Uint8Array) =>
  lake.put(contentKey(`rejected/${stem}`, 'jsonl', body), body);

test('eventStatus: dead letters are counted, up to a hundred objects of them', async () => {
  const lake = memoryObjectStore();
  await putRejected(lake, '0-1-3', letters(1, 2, 3));
  expect(await status({ lake })).toMatchObject({ deadLetters: 3, moreDeadLetters: false });
  for (let index = 0; index < 100; index++) {
    await putRejected(lake, `1-${index}`, letters(1));
  }
  expect(await status({ lake })).toMatchObject({ deadLetters: 102, moreDeadLetters: true });
});

test('eventStatus: dead letters that were sent again or discarded are counted no more', async () => {
  const lake = memoryObjectStore();
  await putRejected(lake, '0-1-3', letters(1, 2, 3));
  const origin = { format: 1, by: 'somebody', at: '2026-11-20T12:00:00Z' } as const;
  await decide(lake, '0-1', { ...origin, decision: 'discard', reason: 'a test' });
  expect(await status({ lake })).toMatchObject({ deadLetters: 2 });
  await decide(lake, '0-3', { ...origin, decision: 'replay', from: 4 });
  await noteSent(lake, '0-3', 4);
  expect(await status({ lake })).toMatchObject({ deadLetters: 1, moreDeadLetters: false });
});

test('eventStatus: without Kafka the lake and the warehouse are still told', async () => {
  expect(await status({ lake: await lakeUpTo(7, 5_000) }, [{ start: 0, next: 3 }])).toMatchObject({
    inKafka: null,
    lag: null,
    freshnessSeconds: null,
    committed: 7,
    loaded: 3,
    health: 'warehouse is behind',
  });
});
