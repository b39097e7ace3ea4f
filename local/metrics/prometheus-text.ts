/** Metrics in Prometheus's text form: https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4. */
import { METRICS, type MetricKind, type MetricName } from '../../pipeline/metrics.ts';
import { BUCKETS, type Series } from './metric-series.ts';

export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const TYPES: Readonly<Record<MetricKind, string>> = { count: 'counter', level: 'gauge', duration: 'histogram' };

/** `CommittedRows` becomes `headrace_committed_rows_total`: counters end so, and the unit stands before it. */
export function prometheusName(name: MetricName): string {
  const words = name.replaceAll(/(?<=.)([A-Z])/g, '_$1').toLowerCase();
  return `headrace_${words}${METRICS[name].kind === 'count' ? '_total' : ''}`;
}

/** @param series those of one metric stand together. */
export function prometheusText(series: readonly Series[]): string {
  const names = [...new Set(series.map(({ name }) => name))];
  return names
    .map((name) =>
      family(
        name,
        series.filter((one) => one.name === name),
      ),
    )
    .join('');
}

function family(name: MetricName, series: readonly Series[]): string {
  const { kind, meaning } = METRICS[name];
  const id = prometheusName(name);
  const samples = series.flatMap((one) =>
    kind === 'duration' ? histogram(id, one) : [sample(id, one.labels, one.value)],
  );
  return [`# HELP ${id} ${meaning}`, `# TYPE ${id} ${TYPES[kind]}`, ...samples, ''].join('\n');
}

function histogram(id: string, { labels, value, count, buckets }: Series): string[] {
  const bounds = BUCKETS.map((bound, index) =>
    sample(`${id}_bucket`, { ...labels, le: String(bound) }, buckets[index] ?? 0),
  );
  return [
    ...bounds,
    sample(`${id}_bucket`, { ...labels, le: '+Inf' }, count),
    sample(`${id}_sum`, labels, value),
    sample(`${id}_count`, labels, count),
  ];
}

function sample(id: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([name, text]) => `${name}="${escaped(text)}"`);
  return `${id}{${pairs.join(',')}} ${value}`;
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
