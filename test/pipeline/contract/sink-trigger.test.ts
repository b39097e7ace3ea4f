import { DRAIN_FRESHNESS_MIN, sinkTrigger } from '../../../pipeline/contract/sink-trigger.ts';

/** What event.yaml may say. */
const FRESHNESSES = Array.from({ length: 3_600 - 2 + 1 }, (_, index) => index + 2);
/** https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html */
const WINDOW_SECONDS_MAX = 300;
/** EventBridge Scheduler invokes within a minute of the time. */
const SCHEDULE_PRECISION_SECONDS = 60;

test.each([
  [2, { kind: 'stream', windowSeconds: 1 }],
  [59, { kind: 'stream', windowSeconds: 29 }],
  [60, { kind: 'stream', windowSeconds: 30 }],
  [179, { kind: 'stream', windowSeconds: 89 }],
  [180, { kind: 'drain', everyMinutes: 1 }],
  [299, { kind: 'drain', everyMinutes: 1 }],
  [300, { kind: 'drain', everyMinutes: 2 }],
  [3_600, { kind: 'drain', everyMinutes: 29 }],
] as const)('sinkTrigger: a freshness of %d s makes %p', (freshnessSeconds, trigger) => {
  expect(sinkTrigger({ freshnessSeconds })).toEqual(trigger);
});

test('sinkTrigger: every freshness that a schedule is chosen for is kept by it, late as it may start', () => {
  for (const freshnessSeconds of FRESHNESSES.filter((seconds) => seconds >= DRAIN_FRESHNESS_MIN)) {
    const trigger = sinkTrigger({ freshnessSeconds });
    const everySeconds = trigger.kind === 'drain' ? trigger.everyMinutes * 60 : Number.NaN;
    expect(everySeconds).toBeGreaterThanOrEqual(60);
    // The rest is a run's: a minute at least, and not less than records wait for it.
    const runSeconds = freshnessSeconds - everySeconds - SCHEDULE_PRECISION_SECONDS;
    expect(runSeconds).toBeGreaterThanOrEqual(Math.max(60, everySeconds));
  }
});

test('sinkTrigger: every other freshness has a window that Lambda allows, of half of it at most', () => {
  for (const freshnessSeconds of FRESHNESSES.filter((seconds) => seconds < DRAIN_FRESHNESS_MIN)) {
    const trigger = sinkTrigger({ freshnessSeconds });
    const windowSeconds = trigger.kind === 'stream' ? trigger.windowSeconds : Number.NaN;
    expect(windowSeconds).toBeGreaterThanOrEqual(1);
    expect(windowSeconds).toBeLessThanOrEqual(Math.min(freshnessSeconds / 2, WINDOW_SECONDS_MAX));
  }
});
