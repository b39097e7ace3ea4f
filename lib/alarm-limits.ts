/** When alarms speak, the same in all stages. */

/** Percentages are of 100, times in seconds. */
export const ALARMS = {
  periodSeconds: 300,
  /** In a row: what mends itself by a repetition wakes nobody. */
  periods: 3,
  /** More than the visibility timeout: the commit failed at least once. */
  loadQueueAgeSeconds: 900,
  relayQueueAgeSeconds: 900,
  rejectedPercent: 1,
  /** Must be longer than the time from one audit to the next. */
  auditPeriodSeconds: 7_200,
  ingestErrorPercent: 1,
  /** MSK advises to stay below 60 %, so that the others can take over when a broker restarts. */
  brokerCpuPercent: 60,
} as const;
