/** What every adapter of the `TopicReader` port must do. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaRecord, OffsetRange, TopicReader } from '../../../pipeline/ports.ts';

/** A record to be written. */
export interface WrittenRecord {
  readonly partition?: number;
  readonly key?: string | null;
  readonly value: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timestamp?: number;
}

export type Codec = 'none' | (typeof CODECS)[number];

const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'] as const;

/** A reader, and an empty topic of two partitions to write to. */
export interface TopicUnderTest {
  readonly reader: TopicReader;
  readonly topic: string;
  /** Writes the records of each partition as one batch. */
  write(records: readonly WrittenRecord[], codec?: Codec): Promise<void>;
  /** Begins a transaction with records; the returned functions end it. */
  transaction(records: readonly WrittenRecord[]): Promise<{ commit(): Promise<void>; abort(): Promise<void> }>;
  deleteBefore(partition: number, offset: number): Promise<void>;
}

/** Settings by which Kafka compacts a topic as soon as it may. */
const COMPACTED = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01', 'segment.ms': '100' };

type Create = (config?: Readonly<Record<string, string>>) => Promise<TopicUnderTest>;

const values = (count: number, partition = 0) =>
  Array.from({ length: count }, (_unused, at) => ({ partition, value: `value ${at}` }));

const textOf = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString());

async function readAll({ reader, topic }: TopicUnderTest, range: OffsetRange): Promise<readonly KafkaRecord[]> {
  const records: KafkaRecord[] = [];
  for await (const batch of reader.read(topic, range)) records.push(...batch);
  return records;
}

async function readValues(under: TopicUnderTest, first: number, next: number, partition = 0) {
  const records = await readAll(under, { partition, first, next });
  return records.map(({ offset, value }) => `${offset} ${textOf(value)}`);
}

/** Declares the tests. @param create is called once for each test. */
export function topicReaderSuite(name: string, create: Create): void {
  test(`${name}: offsets of an empty topic are zero, and an empty range has no records`, async () => {
    const under = await create();
    expect(await under.reader.offsets(under.topic)).toEqual([
      { partition: 0, low: 0, high: 0 },
      { partition: 1, low: 0, high: 0 },
    ]);
    expect(await readValues(under, 0, 0)).toEqual([]);
  });

  test(`${name}: read gives keys, values, nulls, headers and timestamps as they were written`, async () => {
    const under = await create();
    const now = Date.now();
    const large = 'large '.repeat(150_000);
    const written = [
      { partition: 1, key: 'key', value: 'wert äöü', headers: { a: '1', größe: 'zwei' }, timestamp: now },
      { partition: 1, key: null, value: null, headers: {}, timestamp: now - 1 },
      { partition: 1, key: '', value: '', headers: { b: '', größt: 'drei' }, timestamp: now + 2 },
      { partition: 1, key: 'large', value: large, headers: {}, timestamp: now + 3 },
    ];
    await under.write(written);
    await under.write([{ value: 'elsewhere' }]);
    const records = await readAll(under, { partition: 1, first: 0, next: 4 });
    const read = records.map(({ key, value, headers, ...rest }) => ({
      ...rest,
      key: textOf(key),
      value: textOf(value),
      headers: Object.fromEntries(headers.map(([header, bytes]) => [header, textOf(bytes)])),
    }));
    expect(read).toEqual(written.map((record, offset) => ({ topic: under.topic, offset, ...record })));
    expect(await under.reader.offsets(under.topic)).toMatchObject([{ high: 1 }, { high: 4 }]);
  });

  test(`${name}: read keeps to its range, wherever batches begin and end`, async () => {
    const under = await create();
    await under.write(values(4));
    await under.write(values(4));
    expect(await readValues(under, 2, 6)).toEqual(['2 value 2', '3 value 3', '4 value 0', '5 value 1']);
    expect(await readValues(under, 3, 4)).toEqual(['3 value 3']);
    expect(await readValues(under, 4, 8)).toHaveLength(4);
    expect(await readValues(under, 7, 8)).toEqual(['7 value 3']);
  });

  test(`${name}: read gives many fetches of records once and in order`, async () => {
    const under = await create();
    const padding = '.'.repeat(9_000);
    for (let batch = 0; batch < 20; batch++) {
      await under.write(Array.from({ length: 50 }, (_unused, at) => ({ partition: 0, value: `${at}${padding}` })));
    }
    const records = await readAll(under, { partition: 0, first: 0, next: 1_000 });
    expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: 1_000 }, (_unused, offset) => offset));
    expect(records.every(({ offset, value }) => textOf(value) === `${offset % 50}${padding}`)).toBe(true);
  });

  test(`${name}: what was deleted is left out, and the low watermark says so`, async () => {
    const under = await create();
    await under.write(values(5));
    await under.deleteBefore(0, 3);
    expect((await under.reader.offsets(under.topic))[0]).toEqual({ partition: 0, low: 3, high: 5 });
    expect(await readValues(under, 0, 5)).toEqual(['3 value 3', '4 value 4']);
    expect(await readValues(under, 0, 2)).toEqual([]);
    await under.deleteBefore(0, 5);
    expect(await readValues(under, 0, 5)).toEqual([]);
  });

  test(`${name}: aborted records and the markers of transactions are left out, also at the end of a range`, async () => {
    const under = await create();
    await (await under.transaction([{ value: 'kept' }])).commit();
    await (await under.transaction([{ value: 'aborted' }, { value: 'aborted' }])).abort();
    await under.write([{ value: 'plain' }]);
    await (await under.transaction([{ value: 'kept too' }])).commit();
    expect((await under.reader.offsets(under.topic))[0]).toEqual({ partition: 0, low: 0, high: 8 });
    expect(await readValues(under, 0, 8)).toEqual(['0 kept', '5 plain', '6 kept too']);
    expect(await readValues(under, 1, 5)).toEqual([]);
    expect(await readValues(under, 3, 6)).toEqual(['5 plain']);
    expect(await readValues(under, 7, 8)).toEqual([]);
  });

  test(`${name}: an open transaction holds the high watermark where it began, and the end goes on`, async () => {
    const under = await create();
    await under.write([{ value: 'before' }]);
    const open = await under.transaction([{ value: 'undecided' }]);
    await under.write([{ value: 'after' }]);
    expect((await under.reader.offsets(under.topic))[0]).toEqual({ partition: 0, low: 0, high: 1 });
    expect(await Promise.all([0, 1].map((partition) => under.reader.end(under.topic, partition)))).toEqual([3, 0]);
    expect(await readValues(under, 0, 1)).toEqual(['0 before']);
    await open.abort();
    expect(await under.reader.end(under.topic, 0)).toBe(4);
    expect(await readValues(under, 0, 4)).toEqual(['0 before', '2 after']);
  });

  test(`${name}: what compaction has removed is left out, also at the end of a range`, async () => {
    const under = await create(COMPACTED);
    await under.write(['1', '2', '3'].map((value) => ({ partition: 0, key: 'same', value })));
    await under.write([{ partition: 0, key: 'other', value: 'kept' }]);
    let high = 4;
    const isCompacted = async () => (await readValues(under, 0, 3)).length === 1;
    while (!(await isCompacted())) {
      // A record after `segment.ms` closes the segment: the newest one is never compacted.
      await sleep(200);
      await under.write([{ partition: 0, key: 'last', value: 'x' }]);
      high += 1;
    }
    expect(await readValues(under, 0, 2)).toEqual([]);
    expect(await readValues(under, 0, 4)).toEqual(['2 3', '3 kept']);
    expect((await readValues(under, 3, high)).at(-1)).toBe(`${high - 1} x`);
  });

  test.each(CODECS)(`${name}: read decompresses batches of %s`, async (codec) => {
    const under = await create();
    await under.write(values(2));
    await under.write(values(2_000), codec);
    await under.write(values(1));
    const expected = [...values(2), ...values(2_000), ...values(1)].map(({ value }, offset) => `${offset} ${value}`);
    expect(await readValues(under, 0, 2_003)).toEqual(expected);
  });

  // Apache Kafka then compresses what it is sent, by Java's codecs; the embedded broker leaves it as it is.
  test.each(CODECS)(`${name}: read decompresses what the topic has compressed by %s`, async (codec) => {
    const under = await create({ 'compression.type': codec });
    await under.write(values(2_000));
    const random = Array.from({ length: 40 }, () => ({ value: randomBytes(4_000).toString('base64') }));
    await under.write(random);
    expect((await readValues(under, 0, 2_000)).at(-1)).toBe('1999 value 1999');
    expect(await readValues(under, 2_000, 2_040)).toEqual(random.map(({ value }, at) => `${2_000 + at} ${value}`));
  });

  test(`${name}: leaving a loop early ends it, and leaves the reader as it was`, async () => {
    const under = await create();
    for (let batch = 0; batch < 4; batch++) {
      await under.write([{ partition: 0, value: 'x'.repeat(900_000) }]);
    }
    for await (const batch of under.reader.read(under.topic, { partition: 0, first: 0, next: 4 })) {
      expect(batch[0]?.offset).toBe(0);
      break;
    }
    expect(await readAll(under, { partition: 0, first: 0, next: 4 })).toHaveLength(4);
  });

  test(`${name}: several ranges are read at once, of one partition and of others`, async () => {
    const under = await create();
    await under.write([...values(300, 0), ...values(200, 1)]);
    const [first, second, other] = await Promise.all([
      readValues(under, 0, 300),
      readValues(under, 100, 300),
      readValues(under, 0, 200, 1),
    ]);
    expect(first).toHaveLength(300);
    expect(second).toEqual(first.slice(100));
    expect(other).toEqual(first.slice(0, 200));
  });
}
