/** What starts an event's sink. */
import type { CompiledContract } from './compiled-contract.ts';

/** Freshness in seconds from which on a schedule, which runs at most once a minute, keeps up with it. */
const DRAIN_FRESHNESS_MIN = 60;
/** Half of an event's freshness may pass while records wait; the other half is for writing them. */
const WAITING_SHARE = 0.5;

/** `stream` runs for each batch that Lambda collects; `drain` runs on a schedule and reads Kafka itself. */
export type SinkTrigger =
  | { readonly kind: 'stream'; readonly windowSeconds: number }
  | { readonly kind: 'drain'; readonly everyMinutes: number };

/** The contract's freshness chooses: below a minute `stream`, else `drain`, which makes fewer and larger files. */
export function sinkTrigger({ freshnessSeconds }: Pick<CompiledContract, 'freshnessSeconds'>): SinkTrigger {
  const waitingSeconds = Math.floor(freshnessSeconds * WAITING_SHARE);
  return freshnessSeconds < DRAIN_FRESHNESS_MIN
    ? { kind: 'stream', windowSeconds: waitingSeconds }
    : { kind: 'drain', everyMinutes: Math.max(1, Math.floor(waitingSeconds / 60)) };
}
