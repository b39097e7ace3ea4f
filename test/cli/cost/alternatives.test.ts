import { alternatives } from '../../../cli/cost/alternatives.ts';

const LOAD = { eventsPerSecond: 1_000, bytes: 1_000, eventsPerRequest: 100 };
const of = (load: typeof LOAD, name: string) => alternatives(load).find((one) => one.name.startsWith(name));

test('alternatives: Firehose rounds each record up to 5 KB, for delivery and for Parquet', () => {
  // 5.12 GB × (0.029 + 0.018).
  expect(of(LOAD, 'Firehose')?.perMillion).toBeCloseTo(0.24064);
  expect(of({ ...LOAD, bytes: 6_000 }, 'Firehose')?.perMillion).toBeCloseTo(0.48128);
});

test('alternatives: Kinesis pays shards by the hour, for 1 MB or 1,000 records a second, and each put', () => {
  // One shard: 10.95 USD for 2,628 M events = 0.0041667 a million, and 0.014.
  expect(of(LOAD, 'Kinesis')?.perMillion).toBeCloseTo(0.24064 + 0.0041667 + 0.014, 5);
  // 100 a second pay a whole shard too.
  expect(of({ ...LOAD, eventsPerSecond: 100 }, 'Kinesis')?.perMillion).toBeCloseTo(0.24064 + 0.041667 + 0.014, 5);
});

test('alternatives: of each published pipeline the row with the nearest volume', () => {
  expect(of(LOAD, 'AWS Clickstream')).toEqual({
    name: 'AWS Clickstream guidance, published for 2,600 M a month',
    perMillion: 0.53,
  });
  expect(of({ ...LOAD, eventsPerSecond: 100 }, 'AWS Clickstream')?.perMillion).toBe(3.15);
  expect(of({ ...LOAD, eventsPerSecond: 9_000 }, 'AWS Clickstream')?.perMillion).toBe(0.2);
  expect(alternatives(LOAD).map(({ name }) => name.split(',')[0])).toEqual([
    'Firehose to Parquet',
    'Kinesis and Firehose to Parquet',
    'AWS Clickstream guidance',
    'AWS Game Analytics guidance',
    'AWS Game Analytics guidance',
  ]);
});
