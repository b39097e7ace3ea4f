/** The monthly cost of one event, component by component. docs/cost.md explains every line. */
import { type EventLoad, type Flow, flowOf } from './flow.ts';
import { functionCost } from './function-cost.ts';
import { lakeCost } from './lake-cost.ts';
import { loadCost } from './load-cost.ts';
import { ASSUMED, eventSample, FETCH_MICROS, PRODUCE_MICROS } from './measured.ts';
import { MONTH_HOURS, perMonth } from './month.ts';
import { PRICES, UNVERIFIED_PRICES } from './prices.ts';
import { runsCost } from './scheduled-cost.ts';
import type { EventShape, Observation, PlatformShape } from './shape.ts';

/** USD a month. */
export type EventCost = Readonly<Record<(typeof COMPONENTS)[number], number>>;

/** In the order of a record's way. */
export const COMPONENTS = ['ingest API', 'proxy', 'Kafka', 'sink', 'lake', 'load', 'operation', 'platform'] as const;

const GB = 1e9;

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

/** Logs, metrics, alarms, the dashboard, and what looks after the event by a schedule; compaction is the lake's. */
function operationCost(shape: EventShape, load: EventLoad, flow: Flow): number {
  const { commits, loadRuns } = flow;
  const requests = load.eventsPerSecond / load.eventsPerRequest;
  const logBytes =
    requests * ASSUMED.requestLogBytes + commits * ASSUMED.commitLogBytes + loadRuns * ASSUMED.loadLogBytes;
  const scheduled = shape.runs
    .filter(({ kind }) => kind !== 'compaction')
    .map((run) => runsCost(run, shape, load, flow).usd);
  return (
    (perMonth(logBytes) / GB) * UNVERIFIED_PRICES.logGb +
    observationCost(shape.observation) +
    scheduled.reduce((sum, one) => sum + one, 0)
  );
}

const observationCost = ({ metrics, alarmMetrics, dashboards, keys, secrets }: Observation): number =>
  metrics * UNVERIFIED_PRICES.metricMonth +
  alarmMetrics * UNVERIFIED_PRICES.alarmMetricMonth +
  dashboards * UNVERIFIED_PRICES.dashboardMonth +
  keys * UNVERIFIED_PRICES.keyMonth +
  secrets * UNVERIFIED_PRICES.secretMonth;

export const totalCost = (cost: EventCost): number => COMPONENTS.reduce((sum, name) => sum + cost[name], 0);

/** USD for a million events. */
export const perMillion = (usdPerMonth: number, { eventsPerSecond }: EventLoad): number =>
  eventsPerSecond === 0 ? 0 : (usdPerMonth / perMonth(eventsPerSecond)) * 1e6;
