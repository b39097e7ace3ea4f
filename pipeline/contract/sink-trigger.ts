/** What starts an event's sink. */
import type { CompiledContract } from './compiled-contract.ts';

/**
 * Seconds by which a schedule may start a run late: EventBridge Scheduler invokes within the minute, and no schedule is
 * shorter than one. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
const SCHEDULE_PRECISION_SECONDS = 60;
/** A record waits for its share of the freshness at most; the rest is for reading, writing and committing it. */
const WAITING_SHARE = 0.5;

/**
 * Freshness in seconds from which on `drain` keeps it: the interval of a minute, the schedule's precision, and a minute
 * for the run.
 */
export const DRAIN_FRESHNESS_MIN = 180;

/** `stream` runs for each batch that Lambda collects; `drain` runs on a schedule and reads Kafka itself. */
export type SinkTrigger =
  | { readonly kind: 'stream'; readonly windowSeconds: number }
  | { readonly kind: 'drain'; readonly everyMinutes: number };

/**
 * The contract's freshness chooses: `drain`, which makes fewer and larger files, wherever a schedule keeps it.
 * Windows of `stream` stay below the 300 s that Lambda allows.
 */
export function sinkTrigger({ freshnessSeconds }: Pick<CompiledContract, 'freshnessSeconds'>): SinkTrigger {
  if (freshnessSeconds < DRAIN_FRESHNESS_MIN) {
    return { kind: 'stream', windowSeconds: Math.floor(freshnessSeconds * WAITING_SHARE) };
  }
  const waitingSeconds = (freshnessSeconds - SCHEDULE_PRECISION_SECONDS) * WAITING_SHARE;
  return { kind: 'drain', everyMinutes: Math.floor(waitingSeconds / 60) };
}
