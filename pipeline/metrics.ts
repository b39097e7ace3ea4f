/** Metrics in CloudWatch's embedded metric format: one line of JSON on standard output. */

const NAMESPACE = 'Headrace';

/**
 * Writes counts under the given dimensions.
 * @param now milliseconds since the epoch.
 */
export function logMetrics(
  dimensions: Readonly<Record<string, string>>,
  counts: Readonly<Record<string, number>>,
  now: number = Date.now(),
): void {
  const metrics = Object.keys(counts).map((Name) => ({ Name, Unit: 'Count' }));
  const directive = { Namespace: NAMESPACE, Dimensions: [Object.keys(dimensions)], Metrics: metrics };
  console.log(JSON.stringify({ _aws: { Timestamp: now, CloudWatchMetrics: [directive] }, ...dimensions, ...counts }));
}
