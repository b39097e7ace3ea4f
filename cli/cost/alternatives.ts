/** What the same events would cost elsewhere. */
import type { EventLoad } from './flow.ts';
import { MONTH_HOURS, MONTH_SECONDS } from './month.ts';
import { ALTERNATIVE_PRICES, PUBLISHED } from './prices.ts';

export interface Alternative {
  readonly name: string;
  /** USD per million events. */
  readonly perMillion: number;
}

const GB = 1e9;
const SHARD_BYTES = 1e6;
const SHARD_RECORDS = 1_000;

/** Firehose and Kinesis by their prices for these events; published pipelines by their row with the nearest volume. */
export function alternatives(load: EventLoad): Alternative[] {
  const firehose = firehosePerMillion(load);
  return [
    { name: 'Firehose to Parquet', perMillion: firehose },
    { name: 'Kinesis and Firehose to Parquet', perMillion: firehose + kinesisPerMillion(load) },
    ...published(load),
  ];
}

/** Every record is rounded up to 5 KB, and Parquet is paid by the same bytes. */
function firehosePerMillion({ bytes }: EventLoad): number {
  const { firehoseGb, firehoseParquetGb, firehoseRecordBytes } = ALTERNATIVE_PRICES;
  const gigabytes = (Math.ceil(bytes / firehoseRecordBytes) * firehoseRecordBytes * 1e6) / GB;
  return gigabytes * (firehoseGb + firehoseParquetGb);
}

function kinesisPerMillion({ eventsPerSecond, bytes }: EventLoad): number {
  const { kinesisShardHour, kinesisPutUnit, kinesisPutUnitBytes } = ALTERNATIVE_PRICES;
  const shards = Math.max(
    1,
    Math.ceil((eventsPerSecond * bytes) / SHARD_BYTES),
    Math.ceil(eventsPerSecond / SHARD_RECORDS),
  );
  const millions = (eventsPerSecond * MONTH_SECONDS) / 1e6;
  const puts = Math.ceil(bytes / kinesisPutUnitBytes) * 1e6 * kinesisPutUnit;
  return (shards * kinesisShardHour * MONTH_HOURS) / millions + puts;
}

function published({ eventsPerSecond }: EventLoad): Alternative[] {
  const eventsPerMonth = eventsPerSecond * MONTH_SECONDS;
  const distance = (row: (typeof PUBLISHED)[number]): number => Math.abs(Math.log(row.eventsPerMonth / eventsPerMonth));
  return [...new Set(PUBLISHED.map(({ who }) => who))].map((who) => {
    const [first, ...others] = PUBLISHED.filter((row) => row.who === who);
    const row = others.reduce(
      (near, one) => (distance(one) < distance(near) ? one : near),
      first as (typeof PUBLISHED)[number],
    );
    const volume = `${Math.round(row.eventsPerMonth / 1e6).toLocaleString('en-US')} M a month`;
    return { name: `${who}, published for ${volume}`, perMillion: row.perMillion };
  });
}
