/** What the pipeline relies on, said once and run with two clients: on the embedded broker and on Apache Kafka. */

import { setTimeout as sleep } from 'node:timers/promises';
import { kafkajsClient } from './clients/kafkajs-client.ts';
import { platformaticClient } from './clients/platformatic-client.ts';
import type { ReadRecord, TestClient, TestConsumer } from './clients/test-client.ts';
import { startTestBroker, type TestBroker, uniqueName } from './test-broker.ts';

let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker();
});
afterAll(() => broker.stop());

/** Waits until `isSo` holds; a wait in vain ends before Jest's own limit, so that nothing of it goes on. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await isSo()); await sleep(20)) {
    if (Date.now() > end) throw new Error(`Waited in vain for ${isSo}`);
  }
}

/** For records of 2023: retention would delete them while the test runs. */
const keepAll = { 'retention.ms': '-1' };
const values = (records: readonly ReadRecord[]) => records.map(({ value }) => value);

describe.each([
  ['kafkajs', kafkajsClient],
  ['@platformatic/kafka', platformaticClient],
])('%s', (_, connect) => {
  let client: TestClient;
  let topic: string;

  beforeAll(async () => {
    client = await connect(broker.bootstrap);
  });
  beforeEach(() => {
    topic = uniqueName('conformance');
  });
  afterAll(() => client.close());

  async function read(count: number): Promise<readonly ReadRecord[]> {
    const consumer = await client.consume(uniqueName('reader'), topic);
    await until(() => consumer.records.length >= count);
    await consumer.leave();
    return consumer.records;
  }

  test('topics are created with partitions and settings, refused twice, grown and deleted', async () => {
    await client.createTopic(topic, 2, { 'retention.ms': '12345' });
    // A real broker answers before it has applied what the controller wrote.
    await until(async () => (await client.listTopics()).includes(topic));
    expect(await client.topicConfig(topic, 'retention.ms')).toBe('12345');
    expect(await client.watermarks(topic, 1)).toEqual([0, 0]);
    await client.growTopic(topic, 3);
    await until(async () => (await client.watermarks(topic, 2).catch(() => [])).length === 2);
    await client.deleteTopic(topic);
    await until(async () => !(await client.listTopics()).includes(topic));
  });

  test('topic settings are altered, and refused when Kafka does not know them', async () => {
    await client.createTopic(topic, 1);
    expect(await client.topicConfig(topic, 'retention.ms')).toBe('604800000');
    await client.alterTopicConfig(topic, 'retention.ms', '54321');
    await until(async () => (await client.topicConfig(topic, 'retention.ms')) === '54321');
    await expect(client.alterTopicConfig(topic, 'no.such.setting', '1')).rejects.toThrow();
    await expect(client.alterTopicConfig(topic, 'retention.ms', 'soon')).rejects.toThrow();
  });

  test('keys, values, nulls, headers and timestamps come back as they were sent', async () => {
    await client.createTopic(topic, 1, keepAll);
    const sent = [
      { key: 'k', value: 'v', headers: { a: '1', b: 'two' }, timestamp: 1_700_000_000_000 },
      { key: null, value: 'keyless', headers: {}, timestamp: 1_700_000_000_001 },
      { key: 'tombstone', value: null, headers: {}, timestamp: 1_700_000_000_002 },
      { key: '', value: '', headers: { empty: '' }, timestamp: 1_700_000_000_003 },
    ];
    await client.send(topic, sent);
    const records = await read(sent.length);
    expect(records).toEqual(sent.map((record, offset) => ({ ...record, partition: 0, offset })));
  });

  test('gzip batches come back, in order, beside plain ones', async () => {
    await client.createTopic(topic, 1);
    const texts = Array.from({ length: 300 }, (_unused, at) => `value ${at}`);
    await client.send(
      topic,
      texts.slice(0, 100).map((value) => ({ value })),
      { gzip: true },
    );
    await client.send(
      topic,
      texts.slice(100, 200).map((value) => ({ value })),
    );
    await client.send(
      topic,
      texts.slice(200).map((value) => ({ value })),
      { gzip: true },
    );
    expect(values(await read(300))).toEqual(texts);
  });

  test('a message of 900 KB comes back, and one over the limit is refused', async () => {
    await client.createTopic(topic, 1);
    const value = 'x'.repeat(900_000);
    await client.send(topic, [{ value }]);
    await expect(client.send(topic, [{ value: 'x'.repeat(1_200_000) }])).rejects.toThrow();
    expect((await read(1))[0]?.value).toBe(value);
  });

  test('an idempotent producer writes each record once, in order', async () => {
    await client.createTopic(topic, 1);
    const texts = Array.from({ length: 20 }, (_unused, at) => `value ${at}`);
    for (const value of texts) await client.send(topic, [{ value }], { idempotent: true });
    expect(values(await read(20))).toEqual(texts);
    expect(await client.watermarks(topic, 0)).toEqual([0, 20]);
  });

  test('a committed transaction is read, an aborted one is not, and an open one holds readers back', async () => {
    await client.createTopic(topic, 2);
    const id = uniqueName('transaction');
    const committed = await client.begin(id);
    await committed.send(topic, [
      { value: 'a0', partition: 0 },
      { value: 'a1', partition: 1 },
    ]);
    await committed.commit();
    const aborted = await client.begin(id);
    await aborted.send(topic, [
      { value: 'no0', partition: 0 },
      { value: 'no1', partition: 1 },
    ]);
    await aborted.abort();
    const open = await client.begin(id);
    await open.send(topic, [{ value: 'b0', partition: 0 }]);
    await client.send(topic, [
      { value: 'c0', partition: 0 },
      { value: 'c1', partition: 1 },
    ]);
    const reader = await client.consume(uniqueName('reader'), topic);
    const dirty = await client.consume(uniqueName('dirty'), topic, { committedOnly: false });
    await until(() => reader.records.length >= 3 && dirty.records.length >= 7);
    expect(values(reader.records).toSorted()).toEqual(['a0', 'a1', 'c1']);
    expect(values(dirty.records).toSorted()).toEqual(['a0', 'a1', 'b0', 'c0', 'c1', 'no0', 'no1']);
    await open.commit();
    await until(() => reader.records.length >= 5);
    expect(values(reader.records.filter(({ partition }) => partition === 0))).toEqual(['a0', 'b0', 'c0']);
    await Promise.all([reader.leave(), dirty.leave()]);
  });

  test('offsets in a transaction count when it commits and not when it aborts', async () => {
    await client.createTopic(topic, 1);
    const group = uniqueName('group');
    const id = uniqueName('transaction');
    await client.send(topic, [{ value: 'a' }, { value: 'b' }]);
    const consumer = await client.consume(group, topic, { commits: false });
    await until(() => consumer.records.length === 2);
    const aborted = await client.begin(id);
    await aborted.send(topic, [{ value: 'no' }]);
    await aborted.sendOffsets(consumer);
    await aborted.abort();
    expect(await client.committedOffset(group, topic, 0)).toBe(-1);
    const committed = await client.begin(id);
    await committed.send(topic, [{ value: 'c' }]);
    await committed.sendOffsets(consumer);
    await committed.commit();
    await until(async () => (await client.committedOffset(group, topic, 0)) === 2);
    await consumer.leave();
    const next = await client.consume(group, topic);
    await until(() => next.records.length > 0);
    expect(values(next.records)).toEqual(['c']);
    await next.leave();
  });

  test('a group goes on where it has committed', async () => {
    await client.createTopic(topic, 1);
    const group = uniqueName('group');
    await client.send(topic, [{ value: 'a' }, { value: 'b' }]);
    const first = await client.consume(group, topic);
    await until(() => first.records.length === 2);
    expect(await client.groupState(group)).toBe('Stable');
    await first.leave();
    expect(await client.committedOffset(group, topic, 0)).toBe(2);
    await client.send(topic, [{ value: 'c' }]);
    const second = await client.consume(group, topic);
    await until(() => second.records.length > 0);
    expect(values(second.records)).toEqual(['c']);
    await second.leave();
    await until(async () => (await client.groupState(group)) === 'Empty');
    await client.deleteGroup(group);
    expect(await client.committedOffset(group, topic, 0)).toBe(-1);
  });

  test('two members share the partitions, and one takes all when the other leaves', async () => {
    await client.createTopic(topic, 4);
    const group = uniqueName('group');
    const first = await client.consume(group, topic);
    await until(() => first.partitions().length === 4);
    const second = await client.consume(group, topic);
    await until(() => first.partitions().length === 2 && second.partitions().length === 2);
    expect([...first.partitions(), ...second.partitions()].toSorted()).toEqual([0, 1, 2, 3]);
    await client.send(
      topic,
      [0, 1, 2, 3].map((partition) => ({ value: `p${partition}`, partition })),
    );
    // Around a rebalance a client may also read a record of a partition that it is losing.
    const hasReadItsOwn = ({ records, partitions }: TestConsumer) =>
      partitions().every((own) => records.some(({ partition }) => partition === own));
    await until(() => hasReadItsOwn(first) && hasReadItsOwn(second));
    await second.leave();
    await until(() => first.partitions().length === 4);
    await first.leave();
  });

  test('offsets are found by time', async () => {
    await client.createTopic(topic, 1, keepAll);
    const at = (second: number) => 1_700_000_000_000 + second * 1000;
    const batch = (from: number) => [0, 1, 2].map((more) => ({ value: 'x', timestamp: at(from + more) }));
    await client.send(topic, batch(0));
    await client.send(topic, batch(10), { gzip: true });
    expect(await client.offsetAt(topic, 0, at(-5))).toBe(0);
    expect(await client.offsetAt(topic, 0, at(1))).toBe(1);
    expect(await client.offsetAt(topic, 0, at(3))).toBe(3);
    expect(await client.offsetAt(topic, 0, at(11))).toBe(4);
    // kafkajs turns "none" into the high watermark.
    expect([-1, 6]).toContain(await client.offsetAt(topic, 0, at(13)));
  });

  test('deleted records are gone for readers, and the low watermark says so', async () => {
    await client.createTopic(topic, 1);
    await client.send(
      topic,
      ['a', 'b', 'c', 'd'].map((value) => ({ value })),
    );
    await client.deleteRecords(topic, 0, 3);
    expect(await client.watermarks(topic, 0)).toEqual([3, 4]);
    expect(values(await read(1))).toEqual(['d']);
    await expect(client.deleteRecords(topic, 0, 9)).rejects.toThrow();
  });

  test('retention deletes what is too old', async () => {
    await client.createTopic(topic, 1, { 'retention.ms': '60000' });
    await client.send(topic, [{ value: 'old', timestamp: Date.now() - 3_600_000 }]);
    await until(async () => (await client.watermarks(topic, 0))[0] === 1);
    await client.send(topic, [{ value: 'new' }]);
    expect(await read(1)).toMatchObject([{ value: 'new', offset: 1 }]);
  });

  test('compaction keeps the newest value of each key', async () => {
    const settings = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01', 'segment.ms': '100' };
    await client.createTopic(topic, 1, settings);
    const record = (key: string, value: string) => ({ key, value });
    await client.send(topic, [record('a', '1'), record('b', '1'), record('a', '2')]);
    await client.send(topic, [record('b', '2'), record('c', '1')], { gzip: true });
    // A record after `segment.ms` closes the segment: the active one is never compacted.
    const compacted = async () => {
      await sleep(300);
      await client.send(topic, [record('last', 'x')]);
      const reader = await client.consume(uniqueName('reader'), topic);
      await until(() => reader.records.at(-1)?.key === 'last');
      await reader.leave();
      return reader.records.filter(({ key }) => key !== 'last');
    };
    let records = await compacted();
    while (records.length > 3) records = await compacted();
    expect(records.map(({ key, value, offset }) => [key, value, offset])).toEqual([
      ['a', '2', 2],
      ['b', '2', 3],
      ['c', '1', 4],
    ]);
  });
});
