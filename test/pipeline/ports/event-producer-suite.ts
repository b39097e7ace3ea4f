/** What every adapter of the `EventProducer` port must do. */
import type { EventProducer, OutgoingRecord } from '../../../pipeline/ports.ts';

/** A producer with an empty topic of three partitions, and a way to look into the topic. */
export interface ProducerUnderTest {
  readonly producer: EventProducer;
  readonly topic: string;
  /** The values of a partition as text, in the order of their offsets. */
  values(partition: number): Promise<string[]>;
}

/** A record of now: one that is older than its topic's retention may be gone before the test has read it. */
export function outgoing(topic: string, partition: number, value: string | Uint8Array): OutgoingRecord {
  const headers = { ce_id: value.toString().slice(0, 20) };
  return { topic, partition, key: null, value: Buffer.from(value), headers, timestamp: Date.now() };
}

/** The offset of each result; `error` where there is none. */
export async function produceOffsets(
  producer: EventProducer,
  records: readonly OutgoingRecord[],
): Promise<Array<number | 'error'>> {
  return (await producer.produce(records)).map((result) => ('offset' in result ? result.offset : 'error'));
}

/** Declares the tests. @param create is called once for each test. */
export function eventProducerSuite(name: string, create: () => Promise<ProducerUnderTest>): void {
  test(`${name}: produce answers in the order of the records, with the offset in each record's own partition`, async () => {
    const { producer, topic, values } = await create();
    const partitions = [2, 0, 2, 1, 0, 2];
    const records = partitions.map((partition, index) => outgoing(topic, partition, `value ${index}`));
    expect(await produceOffsets(producer, records)).toEqual([0, 0, 1, 0, 1, 2]);
    expect(await produceOffsets(producer, records.slice(0, 2))).toEqual([3, 2]);
    expect(await values(2)).toEqual(['value 0', 'value 2', 'value 5', 'value 0']);
    expect(await values(1)).toEqual(['value 3']);
  });

  test(`${name}: produce keeps order and offsets when a partition's records are more than one batch may hold`, async () => {
    const { producer, topic, values } = await create();
    const large = (index: number) => `${index} `.padEnd(400_000, 'x');
    const records = [0, 1, 2, 3, 4, 5, 6].map((index) => outgoing(topic, index === 3 ? 1 : 0, large(index)));
    expect(await produceOffsets(producer, records)).toEqual([0, 1, 2, 0, 3, 4, 5]);
    expect((await values(0)).map((value) => value[0])).toEqual(['0', '1', '2', '4', '5', '6']);
    expect((await values(0)).every((value) => value.length === 400_000)).toBe(true);
  });

  test(`${name}: produce of a topic that does not exist is an error for its records alone`, async () => {
    const { producer, topic } = await create();
    const records = [outgoing(topic, 0, 'good'), outgoing('no_such_topic', 0, 'lost'), outgoing(topic, 1, 'good')];
    expect(await produceOffsets(producer, records)).toEqual([0, 'error', 0]);
  });
}
