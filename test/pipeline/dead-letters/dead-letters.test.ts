import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { discardLetters } from '../../../pipeline/dead-letters/discard.ts';
import { groupLetters } from '../../../pipeline/dead-letters/group-letters.ts';
import { type ReplayOptions, type ReplayPorts, replayLetters } from '../../../pipeline/dead-letters/replay.ts';
import type { KafkaRecord, OutgoingRecord, ProduceResult } from '../../../pipeline/ports.ts';
import { type PipelineWorld, pipelineWorld } from '../audit/pipeline-world.ts';
import { ORDER_VERSION_ID, orderContract, orderData } from '../ingest/order-events.ts';
import { framed, headers, kafkaRecord } from '../sink/order-records.ts';

const NEW_VERSION_ID = '11111111-2222-3333-4444-555555555555';
const TEN_MINUTES = 600_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-letters-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface World extends PipelineWorld {
  readonly ports: ReplayPorts;
  replay(options?: Partial<ReplayOptions>, ports?: Partial<ReplayPorts>): ReturnType<typeof replayLetters>;
}

/** Puts the records at the end of the topic, as Kafka does. */
function append(world: PipelineWorld, records: readonly OutgoingRecord[]): ProduceResult[] {
  return records.map(({ topic, partition, key, value, headers: own, timestamp }) => {
    const log = world.reader.records.get(partition) ?? [];
    const offset = (log.at(-1)?.offset ?? -1) + 1;
    const text = Object.entries(own).map(([name, bytes]): [string, Uint8Array] => [name, Buffer.from(bytes)]);
    const record: KafkaRecord = { topic, partition, offset, timestamp, key, value, headers: text };
    world.reader.records.set(partition, [...log, record]);
    return { offset };
  });
}

/**
 * Three letters: at 0-1 of a schema version that the contract did not know then and knows now, at 0-2 garbage, at 0-3 no
 * value. A row at 0-0.
 */
async function worldOfLetters(): Promise<World> {
  const world = pipelineWorld(folder);
  world.reader.records.set(0, [
    kafkaRecord(0),
    kafkaRecord(1, { value: framed(orderData({ order_id: 'o-new' }), NEW_VERSION_ID), key: Buffer.from([0xff]) }),
    kafkaRecord(2, { value: Buffer.from('garbage') }),
    kafkaRecord(3, { value: null }),
  ]);
  await world.load(await world.sink(0));
  const ports: ReplayPorts = {
    contract: orderContract,
    schemaVersionIds: [NEW_VERSION_ID],
    lake: world.lake,
    reader: world.reader,
    producer: { produce: async (records) => append(world, records) },
    now: () => world.clock.now,
    by: 'tester',
  };
  const replay: World['replay'] = (options, changes) =>
    replayLetters({ ...ports, ...changes }, { filter: () => true, ...options });
  return { ...world, ports, replay };
}

const offsetsOf = ({ reader }: PipelineWorld): number[] => (reader.records.get(0) ?? []).map(({ offset }) => offset);

test('groupLetters: counts by code, reason and state, with places and no payloads', async () => {
  const world = await worldOfLetters();
  await world.replay();
  await discardLetters(world.lake, { filter: ({ value }) => value === null, reason: 'tombstone', by: 'me', now: 0 });
  const groups = await groupLetters(world.lake);
  expect(groups.map(({ code, counts, samples }) => ({ code, counts, samples }))).toEqual([
    { code: 'UNKNOWN_FRAMING', counts: { open: 1, sending: 0, replayed: 0, discarded: 0 }, samples: ['0-2'] },
    { code: 'UNKNOWN_SCHEMA_VERSION', counts: { open: 0, sending: 0, replayed: 1, discarded: 0 }, samples: [] },
    { code: 'NULL_VALUE', counts: { open: 0, sending: 0, replayed: 0, discarded: 1 }, samples: [] },
  ]);
});

test('groupLetters: leaves out what a sink wrote and never committed', async () => {
  const world = await worldOfLetters();
  const [key] = [...world.lake.objects.keys()].filter((name) => name.startsWith('rejected/'));
  await world.lake.put('rejected/0-4-6-00aa.jsonl', world.lake.objects.get(key ?? '') ?? new Uint8Array());
  await world.lake.put('rejected/0-1-3-00aa.jsonl', world.lake.objects.get(key ?? '') ?? new Uint8Array());
  expect((await groupLetters(world.lake)).map(({ counts }) => counts.open)).toEqual([1, 1, 1]);
});

test('replayLetters: an object of letters that was changed is sent from no more, and not decided about', async () => {
  const world = await worldOfLetters();
  const [key = '', body] = [...world.lake.objects].find(([name]) => name.startsWith('rejected/')) ?? [];
  const text = Buffer.from(body ?? []).toString();
  await world.lake.put(key, Buffer.from(text.replace('"timestamp":', '"timestamp":1')));
  for (const work of [() => world.replay({ all: true }), () => groupLetters(world.lake)]) {
    await expect(work()).rejects.toThrow(`Cannot read "${key}": it was changed`);
  }
  expect(offsetsOf(world)).toHaveLength(4);
  expect([...world.lake.objects.keys()].filter((name) => name.startsWith('replays/'))).toEqual([]);
});

test('replayLetters: sends what would pass now, whole, with a link to the letter, and it becomes a row', async () => {
  const world = await worldOfLetters();
  const before = world.reader.records.get(0)?.[1] as KafkaRecord;
  const report = await world.replay();
  expect(report).toMatchObject({ sent: 1, found: 0, failures: [] });
  expect([...report.left]).toEqual([
    [expect.stringContaining('UNKNOWN_FRAMING: '), 1],
    ['NULL_VALUE: a record without a value has nothing to send', 1],
  ]);
  const again = world.reader.records.get(0)?.[4] as KafkaRecord;
  expect(again).toMatchObject({ topic: before.topic, partition: 0, offset: 4, key: before.key, value: before.value });
  expect(new Map(again.headers)).toEqual(
    new Map([...before.headers, ...headers({ ce_replayof: '0-1', ce_replaytry: '1' })]),
  );
  const { commit } = await world.sink(0, [NEW_VERSION_ID]);
  expect(commit).toMatchObject({ start: 4, rows: 1, rejected: null });
});

test('replayLetters: twice sends nothing twice, and of two runs at once each letter once', async () => {
  const world = await worldOfLetters();
  const reports = await Promise.all([world.replay(), world.replay()]);
  expect(reports.map(({ sent }) => sent).sort()).toEqual([0, 1]);
  expect(await world.replay()).toMatchObject({ sent: 0, found: 0 });
  expect(offsetsOf(world)).toEqual([0, 1, 2, 3, 4]);
});

test('replayLetters: a dry run says what it would send, and sends nothing', async () => {
  const world = await worldOfLetters();
  const keys = world.lake.objects.size;
  expect(await world.replay({ dryRun: true })).toMatchObject({ sent: 1 });
  expect(offsetsOf(world)).toHaveLength(4);
  expect(world.lake.objects.size).toBe(keys);
});

test('replayLetters: a filter chooses, and all sends what the contract refuses', async () => {
  const world = await worldOfLetters();
  const report = await world.replay({ all: true, filter: ({ code }) => code === 'UNKNOWN_FRAMING' });
  expect(report).toMatchObject({ sent: 1, left: new Map() });
  expect(Buffer.from(world.reader.records.get(0)?.[4]?.value ?? []).toString()).toBe('garbage');
});

test('replayLetters: a letter whose Kafka time is no date does not hold up the others', async () => {
  const world = await worldOfLetters();
  world.reader.records.get(0)?.push(kafkaRecord(4, { timestamp: 9e15, headers: [] }));
  await world.sink(0);
  expect(await world.replay({ all: true })).toMatchObject({ sent: 3, failures: [] });
  const again = world.reader.records.get(0)?.at(-1);
  expect(again?.timestamp).toBe(world.clock.now);
  expect(again?.headers.map(([name]) => name)).toEqual(['ce_replayof', 'ce_replaytry']);
});

test('replayLetters: a letter that comes back and back is left after three tries', async () => {
  const world = await worldOfLetters();
  const sent: number[] = [];
  for (let round = 0; round < 5; round++) {
    const report = await world.replay({ all: true, filter: ({ code }) => code === 'UNKNOWN_FRAMING' });
    sent.push(report.sent);
    if (report.sent > 0) {
      await world.sink(0);
    }
  }
  expect(sent).toEqual([1, 1, 1, 0, 0]);
  const last = await world.replay({ all: true, filter: ({ code }) => code === 'UNKNOWN_FRAMING' });
  expect([...last.left.keys()]).toEqual(['sent again 3 times already; --tries allows more']);
  const more = await world.replay({ all: true, triesMax: 4, filter: ({ code }) => code === 'UNKNOWN_FRAMING' });
  expect(more.sent).toBe(1);
});

const dead = new Error('killed');

test('replayLetters: after a run that died before it sent, the next sends once, but not before ten minutes', async () => {
  const world = await worldOfLetters();
  const dying = { produce: async () => Promise.reject(dead) };
  await expect(world.replay({}, { producer: dying })).rejects.toThrow('killed');
  const early = await world.replay();
  expect(early.sent).toBe(0);
  expect([...early.left.keys()]).toContain('being sent by another run, or by one that died less than ten minutes ago');
  world.clock.now += TEN_MINUTES;
  const reports = await Promise.all([world.replay(), world.replay()]);
  expect(reports.map(({ sent }) => sent).sort()).toEqual([0, 1]);
  world.clock.now += TEN_MINUTES;
  expect(await world.replay()).toMatchObject({ sent: 0, found: 0 });
  expect(offsetsOf(world)).toHaveLength(5);
});

test('replayLetters: after a run that died when it had sent, the next finds the record in Kafka', async () => {
  const world = await worldOfLetters();
  await dieAfterSending(world);
  expect(await world.replay()).toMatchObject({ sent: 0, found: 1 });
  expect(await world.replay()).toMatchObject({ sent: 0, found: 0 });
  expect(offsetsOf(world)).toHaveLength(5);
});

/** A run that dies when it has sent. */
async function dieAfterSending(world: World, options: Partial<ReplayOptions> = {}): Promise<void> {
  const produce = async (records: readonly OutgoingRecord[]): Promise<never> => {
    append(world, records);
    throw dead;
  };
  await expect(world.replay(options, { producer: { produce } })).rejects.toThrow('killed');
  world.clock.now += TEN_MINUTES;
}

test('replayLetters: a record behind another producer’s open transaction cannot be seen, and is not sent again', async () => {
  const world = await worldOfLetters();
  await dieAfterSending(world);
  world.reader.watermarks.set(0, { high: 4 });
  const { sent, found, left } = await world.replay();
  expect([sent, found]).toEqual([0, 0]);
  expect([...left.keys()]).toContainEqual(expect.stringContaining('open transaction hides'));
  world.reader.watermarks.delete(0);
  expect(await world.replay()).toMatchObject({ sent: 0, found: 1 });
  expect(offsetsOf(world)).toHaveLength(5);
});

test('replayLetters: after two runs that died Kafka is read from where the record of the first can be', async () => {
  const world = await worldOfLetters();
  await dieAfterSending(world);
  const blind = { ...world.reader, async *read() {} };
  const producer = { produce: async () => Promise.reject(dead) };
  await expect(world.replay({}, { producer, reader: blind })).rejects.toThrow('killed');
  world.clock.now += TEN_MINUTES;
  expect(await world.replay()).toMatchObject({ sent: 0, found: 1 });
  expect(offsetsOf(world)).toHaveLength(5);
});

test('replayLetters: of letters that were decided about at different times each is looked for from its own on', async () => {
  const world = await worldOfLetters();
  const only = (offset: number) => ({ all: true, filter: (letter: { offset: number }) => letter.offset === offset });
  await dieAfterSending(world, only(1));
  world.reader.records.get(0)?.push(kafkaRecord(5));
  const dying = { produce: async () => Promise.reject(dead) };
  world.clock.now -= TEN_MINUTES;
  await expect(world.replay(only(2), { producer: dying })).rejects.toThrow('killed');
  world.clock.now += TEN_MINUTES;
  expect(await world.replay({ all: true })).toMatchObject({ sent: 1, found: 1 });
  expect(offsetsOf(world)).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test('replayLetters: what Kafka did not acknowledge is a failure, and looked for by the next run', async () => {
  const world = await worldOfLetters();
  const lost = { produce: async (records: readonly OutgoingRecord[]) => records.map(() => ({ error: dead })) };
  const report = await world.replay({}, { producer: lost });
  expect(report).toMatchObject({ sent: 0, failures: [{ id: '0-1', error: dead }] });
  world.clock.now += TEN_MINUTES;
  expect(await world.replay()).toMatchObject({ sent: 1, failures: [] });
});

test('replayLetters: a run that was held up for a minute after its decision sends nothing', async () => {
  const world = await worldOfLetters();
  let asked = 0;
  const now = () => world.clock.now + (asked++ > 0 ? 60_001 : 0);
  const report = await world.replay({}, { now });
  expect(report.sent).toBe(0);
  expect(report.failures.map(({ id }) => id)).toEqual(['0-1']);
  expect(offsetsOf(world)).toHaveLength(4);
  world.clock.now += TEN_MINUTES;
  expect(await world.replay()).toMatchObject({ sent: 1 });
});

test('replayLetters: when retention has deleted what would tell, nothing is sent', async () => {
  const world = await worldOfLetters();
  const dying = { produce: async () => Promise.reject(dead) };
  await expect(world.replay({}, { producer: dying })).rejects.toThrow('killed');
  world.clock.now += TEN_MINUTES;
  world.reader.watermarks.set(0, { low: 5, high: 5 });
  const { sent, left } = await world.replay();
  expect(sent).toBe(0);
  expect([...left.keys()]).toContainEqual(expect.stringContaining('Kafka’s retention has deleted'));
});

test('replayLetters: a record that had no time of its own keeps the time at which Kafka first got it', async () => {
  const world = await worldOfLetters();
  const record = kafkaRecord(4, { value: framed(orderData(), NEW_VERSION_ID), headers: [], timestamp: 1_000 });
  world.reader.records.get(0)?.push(record);
  await world.sink(0, [ORDER_VERSION_ID]);
  await world.replay({ filter: ({ offset }) => offset === 4 });
  const again = world.reader.records.get(0)?.at(-1) as KafkaRecord;
  expect(again.timestamp).toBe(world.clock.now);
  expect(Buffer.from(new Map(again.headers).get('ce_time') ?? []).toString()).toBe('1970-01-01T00:00:01.000Z');
});

test('discardLetters: a letter that is discarded is not sent any more, and deciding again changes nothing', async () => {
  const world = await worldOfLetters();
  const discard = { filter: () => true, reason: 'test data', by: 'me', now: world.clock.now };
  expect(await discardLetters(world.lake, discard)).toBe(3);
  expect(await discardLetters(world.lake, { ...discard, reason: 'other' })).toBe(0);
  expect(await world.replay({ all: true })).toMatchObject({ sent: 0, left: new Map() });
  const body = Buffer.from(await world.lake.get('replays/0/1.json')).toString();
  expect(JSON.parse(body)).toMatchObject({ decision: 'discard', reason: 'test data', by: 'me' });
});

test('replayLetters: refuses decisions of a newer format', async () => {
  const world = await worldOfLetters();
  await world.lake.put('replays/0/1.json', Buffer.from('{"format":2}'));
  await expect(world.replay()).rejects.toThrow('Cannot read the decision "replays/0/1.json"');
});
