/** The monthly cost of one event, component by component. docs/cost.md explains every line. */
import { ASSUMED, eventSample, FETCH_MICROS, PRODUCE_MICROS } from './measured.ts';
import { PRICES, UNVERIFIED_PRICES } from './prices.ts';
import type { EventShape, Observation, PlatformShape } from './shape.ts';

/** What comes in. */
export interface EventLoad {
  readonly eventsPerSecond: number;
  /** Of an event as JSON in a request. */
  readonly bytes: number;
  readonly eventsPerRequest: number;
}

/** USD a month. */
export type EventCost = Readonly<Record<(typeof COMPONENTS)[number], number>>;

/** In the order of a record's way. */
export const COMPONENTS = ['ingest API', 'proxy', 'Kafka', 'sink', 'lake', 'load', 'operation', 'platform'] as const;

/** A month of AWS's own examples: 730 hours. */
export const MONTH_SECONDS = 730 * 3600;
const MONTH_HOURS = 730;
const GB = 1e9;
/** From here on a function has one processor whole. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const PROCESSOR_MB = 1_769;
/** Of the JSON of a batch. */
const BATCH_BYTES = 6e6;

/** @param share of the platform, from 0 to 1. */
export function eventCost(shape: EventShape, platform: PlatformShape, load: EventLoad, share: number): EventCost {
  const flow = flowOf(shape, load);
  return {
    'ingest API': apiCost(load),
    proxy: proxyCost(platform, load),
    Kafka: kafkaCost(shape, platform, load),
    sink: sinkCost(shape, load, flow),
    lake: lakeCost(shape, load, flow),
    load: loadCost(shape, flow),
    operation: operationCost(shape, load, flow),
    platform: share * platformCost(platform),
  };
}

/** By bytes into Kafka: what the brokers' size is for. */
export function platformShares(loads: readonly EventLoad[]): number[] {
  const bytes = loads.map((load) => load.eventsPerSecond * eventSample(load.bytes).kafkaBytes);
  const total = bytes.reduce((sum, one) => sum + one, 0);
  return bytes.map((one) => (total === 0 ? 1 / loads.length : one / total));
}

/** What costs the same whatever is sent: brokers, the network's endpoints, alarms. */
export function platformCost(platform: PlatformShape): number {
  const { brokers, instanceType, volumeGb, endpointInterfaces, observation } = platform;
  return (
    brokers * (UNVERIFIED_PRICES.brokerHour[instanceType] ?? 0) * MONTH_HOURS +
    brokers * volumeGb * UNVERIFIED_PRICES.volumeGbMonth +
    endpointInterfaces * UNVERIFIED_PRICES.endpointHour * MONTH_HOURS +
    observationCost(observation)
  );
}

/** How often the stages run, each second. */
export interface Flow {
  readonly sinkRuns: number;
  readonly commits: number;
  readonly loadRuns: number;
}

/**
 * A stream's batch ends at its window, at 10,000 records or at 6 MB of JSON; a drain runs by its schedule, and ends a
 * commit when it has read so many bytes of a partition. Records are spread over all partitions.
 */
export function flowOf(shape: EventShape, { eventsPerSecond, bytes }: EventLoad): Flow {
  const { trigger, partitions, loaderBatchSize, loaderWindowSeconds } = shape;
  const sample = eventSample(bytes);
  let sinkRuns: number;
  let commitsPerRun: number;
  if (trigger.kind === 'stream') {
    const recordsMax = Math.min(trigger.batchSize, Math.floor(BATCH_BYTES / sample.lambdaEventBytes));
    sinkRuns = Math.max(
      eventsPerSecond / recordsMax,
      Math.min(eventsPerSecond, 1 / Math.max(1, trigger.windowSeconds)),
    );
    commitsPerRun = sinkRuns === 0 ? 0 : partitionsWithRecords(partitions, eventsPerSecond / sinkRuns);
  } else {
    sinkRuns = 1 / trigger.everySeconds;
    const recordsPerRun = eventsPerSecond * trigger.everySeconds;
    const full = (recordsPerRun * sample.kafkaBytes) / trigger.commitBytes;
    commitsPerRun = Math.max(partitionsWithRecords(partitions, recordsPerRun), full);
  }
  const commits = sinkRuns * commitsPerRun;
  const loadRuns = Math.max(commits / loaderBatchSize, Math.min(commits, 1 / Math.max(1, loaderWindowSeconds)));
  return { sinkRuns, commits, loadRuns };
}

/** The expected number of partitions that get one of the records, each to a partition by chance. */
const partitionsWithRecords = (partitions: number, records: number): number =>
  partitions * (1 - (1 - 1 / partitions) ** records);

function apiCost({ eventsPerSecond, bytes, eventsPerRequest }: EventLoad): number {
  const units = Math.ceil((bytes * eventsPerRequest) / PRICES.apiRequestBytes);
  return perMonth(eventsPerSecond / eventsPerRequest) * units * PRICES.apiRequest;
}

function proxyCost({ proxyMemoryMb }: PlatformShape, { eventsPerSecond, bytes, eventsPerRequest }: EventLoad): number {
  const requests = eventsPerSecond / eventsPerRequest;
  const micros = eventSample(bytes).ingestMicros + PRODUCE_MICROS;
  const waiting = requests * (ASSUMED.produceSeconds + ASSUMED.invocationSeconds);
  return functionCost(proxyMemoryMb, requests, eventsPerSecond * micros, waiting);
}

/** What is written and kept; the brokers themselves are the platform's. Standard brokers' volumes are too. */
function kafkaCost({ retentionHours }: EventShape, { volumeGb }: PlatformShape, load: EventLoad): number {
  if (volumeGb > 0) {
    return 0;
  }
  const bytesPerSecond = load.eventsPerSecond * eventSample(load.bytes).kafkaBytes;
  const written = (perMonth(bytesPerSecond) / GB) * UNVERIFIED_PRICES.expressInGb;
  const kept = ((bytesPerSecond * retentionHours * 3600) / GB) * UNVERIFIED_PRICES.expressGbMonth;
  return written + kept;
}

function sinkCost(shape: EventShape, { eventsPerSecond, bytes }: EventLoad, { sinkRuns, commits }: Flow): number {
  const { trigger, sinkMemoryMb } = shape;
  const { lambdaEventMicros, sinkMicros } = eventSample(bytes);
  const isStream = trigger.kind === 'stream';
  const micros = sinkMicros + (isStream ? lambdaEventMicros : FETCH_MICROS);
  const start = isStream ? ASSUMED.invocationSeconds : ASSUMED.drainStartSeconds;
  const waiting = sinkRuns * start + commits * ASSUMED.commitSeconds;
  const started = isStream ? 0 : perMonth(sinkRuns) * UNVERIFIED_PRICES.scheduledRun;
  const pollers = isStream ? trigger.pollerUnits * PRICES.pollerUnitHour * MONTH_HOURS : 0;
  return functionCost(sinkMemoryMb, sinkRuns, eventsPerSecond * micros, waiting) + started + pollers;
}

/** Two objects for each commit; a drain looks for the head of each partition's chain; and a month of rows, kept. */
function lakeCost({ trigger, partitions }: EventShape, load: EventLoad, { sinkRuns, commits }: Flow): number {
  const heads = trigger.kind === 'drain' ? sinkRuns * partitions : 0;
  const requests = perMonth(2 * commits + heads) * PRICES.s3Put + perMonth(heads) * PRICES.s3Get;
  const stored = (perMonth(load.eventsPerSecond) * eventSample(load.bytes).parquetBytes) / GB;
  return requests + stored * PRICES.s3GbMonth;
}

/** The queue's requests and the loader's runs; the warehouse has its own bill. */
function loadCost({ loaderMemoryMb }: EventShape, { commits, loadRuns }: Flow): number {
  const messages = commits + 2 * loadRuns + ASSUMED.idlePollsPerSecond;
  const waiting = loadRuns * ASSUMED.loadSeconds;
  return (
    perMonth(messages) * PRICES.sqsRequest +
    perMonth(commits) * PRICES.s3Get +
    functionCost(loaderMemoryMb, loadRuns, 0, waiting)
  );
}

/** Logs, metrics, alarms, the dashboard, and what else runs by a schedule. */
function operationCost({ runs, observation }: EventShape, load: EventLoad, { commits, loadRuns }: Flow): number {
  const requests = load.eventsPerSecond / load.eventsPerRequest;
  const logBytes =
    requests * ASSUMED.requestLogBytes + commits * ASSUMED.commitLogBytes + loadRuns * ASSUMED.loadLogBytes;
  const scheduled = runs.map(({ everySeconds, memoryMb }) => {
    const often = 1 / everySeconds;
    const started = perMonth(often) * UNVERIFIED_PRICES.scheduledRun;
    return started + functionCost(memoryMb, often, 0, often * ASSUMED.scheduledRunSeconds);
  });
  return (
    (perMonth(logBytes) / GB) * UNVERIFIED_PRICES.logGb +
    observationCost(observation) +
    scheduled.reduce((sum, one) => sum + one, 0)
  );
}

const observationCost = ({ metrics, alarmMetrics, dashboards, keys, secrets }: Observation): number =>
  metrics * UNVERIFIED_PRICES.metricMonth +
  alarmMetrics * UNVERIFIED_PRICES.alarmMetricMonth +
  dashboards * UNVERIFIED_PRICES.dashboardMonth +
  keys * UNVERIFIED_PRICES.keyMonth +
  secrets * UNVERIFIED_PRICES.secretMonth;

/**
 * @param runs each second.
 * @param micros of one processor, each second: a function with less than one takes longer by as much.
 * @param waiting seconds in which the function waits and is paid, each second.
 */
function functionCost(memoryMb: number, runs: number, micros: number, waiting: number): number {
  const working = (micros / 1e6) * ASSUMED.processorFactor * Math.max(1, PROCESSOR_MB / memoryMb);
  const gbSeconds = (working + waiting) * (memoryMb / 1024);
  return perMonth(runs) * PRICES.lambdaRequest + perMonth(gbSeconds) * PRICES.lambdaGbSecond;
}

const perMonth = (perSecond: number): number => perSecond * MONTH_SECONDS;

export const totalCost = (cost: EventCost): number => COMPONENTS.reduce((sum, name) => sum + cost[name], 0);

/** USD for a million events. */
export const perMillion = (usdPerMonth: number, { eventsPerSecond }: EventLoad): number =>
  eventsPerSecond === 0 ? 0 : (usdPerMonth / perMonth(eventsPerSecond)) * 1e6;
