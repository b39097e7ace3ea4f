/** The metrics that functions have written, added up. */
import { METRIC_NAMESPACE, METRICS, type MetricName } from '../../pipeline/metrics.ts';

/** One metric with one set of label values. */
export interface Series {
  readonly name: MetricName;
  readonly labels: Readonly<Record<string, string>>;
  /** Of a count the sum, of a level the last value; of a duration the sum of all values. */
  value: number;
  /** Of a duration: how many values there were, and how many up to each of `BUCKETS`. */
  count: number;
  readonly buckets: number[];
}

/** What is true now of something that nobody adds up. */
export const level = (name: MetricName, labels: Series['labels'], value: number): Series => ({
  name,
  labels,
  value,
  count: 1,
  buckets: [],
});

/** Seconds. */
export const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3_600];

/** The part of the embedded metric format that is read. */
interface EmfLine {
  readonly _aws?: {
    readonly CloudWatchMetrics?: ReadonlyArray<{
      readonly Namespace: string;
      readonly Dimensions: ReadonlyArray<readonly string[]>;
      readonly Metrics: ReadonlyArray<{ readonly Name: string }>;
    }>;
  };
  readonly [name: string]: unknown;
}

export class MetricSeries {
  readonly #series = new Map<string, Series>();

  /** Takes one line of a function's log; what is no line of metrics, or none of ours, is passed over. */
  add(line: string): void {
    if (!line.startsWith('{"_aws"')) return;
    const values = parse(line);
    for (const { Namespace, Dimensions, Metrics } of values._aws?.CloudWatchMetrics ?? []) {
      if (Namespace !== METRIC_NAMESPACE) continue;
      const names = Metrics.map(({ Name }) => Name).filter((name): name is MetricName => name in METRICS);
      for (const dimensions of Dimensions) this.#addAll(names, dimensions, values);
    }
  }

  /** By name and labels. */
  get all(): readonly Series[] {
    return [...this.#series].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, series]) => series);
  }

  #addAll(names: readonly MetricName[], dimensions: readonly string[], line: EmfLine): void {
    const labels = Object.fromEntries(dimensions.map((name) => [name, String(line[name])]));
    for (const name of names) {
      const series = this.#find(name, labels);
      for (const value of [line[name]].flat().map(Number)) record(series, value);
    }
  }

  #find(name: MetricName, labels: Series['labels']): Series {
    const key = `${name} ${JSON.stringify(labels)}`;
    const series = this.#series.get(key) ?? { name, labels, value: 0, count: 0, buckets: BUCKETS.map(() => 0) };
    this.#series.set(key, series);
    return series;
  }
}

function parse(line: string): EmfLine {
  try {
    return JSON.parse(line) as EmfLine;
  } catch {
    return {};
  }
}

function record(series: Series, value: number): void {
  if (!Number.isFinite(value)) return;
  series.count++;
  series.value = METRICS[series.name].kind === 'level' ? value : series.value + value;
  for (const [index, bound] of BUCKETS.entries()) {
    if (value <= bound) series.buckets[index] = (series.buckets[index] ?? 0) + 1;
  }
}
