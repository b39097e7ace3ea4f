import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MetricsServer, startMetricsServer } from '../../../local/metrics/metrics-server.ts';
import { prometheusName } from '../../../local/metrics/prometheus-text.ts';
import { METRICS, type MetricName } from '../../../pipeline/metrics.ts';

const servers: MetricsServer[] = [];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-metrics-'));
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await rm(folder, { recursive: true });
});

/** A server that follows one log, and its log. */
async function followed(
  name: string,
  before = '',
  lags?: Parameters<typeof startMetricsServer>[1],
): Promise<{ file: string; url: string }> {
  const file = join(folder, name);
  await writeFile(file, before);
  const server = await startMetricsServer([file], lags);
  servers.push(server);
  return { file, url: server.url };
}

/** A line as `logMetrics` writes it. */
function emf(dimensions: Record<string, string>, values: Record<string, unknown>, Namespace = 'Headrace'): string {
  const Metrics = Object.keys(values).map((Name) => ({ Name, Unit: 'Count' }));
  const directive = { Namespace, Dimensions: [Object.keys(dimensions)], Metrics };
  return `${JSON.stringify({ _aws: { Timestamp: 1, CloudWatchMetrics: [directive] }, ...dimensions, ...values })}\n`;
}

const scrape = async (url: string): Promise<string> => (await fetch(url)).text();

interface Family {
  readonly type: string;
  readonly samples: Map<string, number>;
}

/** Reads the text form strictly: a line that it does not allow throws, and so does a sample outside of its family. */
function parse(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let current: [string, Family] | undefined;
  for (const line of text.split('\n').slice(0, -1)) {
    const [, kind, id, rest] = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line) ?? [];
    if (kind === 'HELP' && id !== undefined) {
      continue;
    }
    if (kind === 'TYPE' && id !== undefined && rest !== undefined && !families.has(id)) {
      current = [id, { type: rest, samples: new Map() }];
      families.set(...current);
      continue;
    }
    const labels = '\\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"(?:,|(?=\\})))*\\}';
    const [, name, set, value] = new RegExp(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(${labels}) (\\S+)$`).exec(line) ?? [];
    const suffixes = current?.[1].type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    if (!current || !name || !suffixes.some((suffix) => name === `${current?.[0]}${suffix}`)) {
      throw new Error(`not the text form: ${line}`);
    }
    current[1].samples.set(`${name}${set}`, Number(value));
  }
  return families;
}

test('startMetricsServer: counts add up, levels are the last, durations are a histogram', async () => {
  const { file, url } = await followed('kinds.log');
  const event = { event: 'order_created' };
  await appendFile(file, emf(event, { CommittedRows: 3, LagRecords: 9, CommitSeconds: 0.2 }));
  await appendFile(file, emf(event, { CommittedRows: 4, LagRecords: 2, CommitSeconds: [7, 5000] }));
  const families = parse(await scrape(url));
  expect([...families].map(([id, { type }]) => `${id} ${type}`)).toEqual([
    'headrace_commit_seconds histogram',
    'headrace_committed_rows_total counter',
    'headrace_lag_records gauge',
  ]);
  expect(families.get('headrace_committed_rows_total')?.samples).toEqual(
    new Map([['headrace_committed_rows_total{event="order_created"}', 7]]),
  );
  expect(families.get('headrace_lag_records')?.samples.get('headrace_lag_records{event="order_created"}')).toBe(2);
  const durations = families.get('headrace_commit_seconds')?.samples;
  const bucket = (le: string) => durations?.get(`headrace_commit_seconds_bucket{event="order_created",le="${le}"}`);
  expect(['0.1', '0.25', '5', '10', '3600', '+Inf'].map(bucket)).toEqual([0, 1, 1, 2, 2, 3]);
  expect(durations?.get('headrace_commit_seconds_sum{event="order_created"}')).toBeCloseTo(5007.2);
  expect(durations?.get('headrace_commit_seconds_count{event="order_created"}')).toBe(3);
});

test('startMetricsServer: serves the lag of topics that are read for functions, beside the lag that functions tell', async () => {
  let records = 5;
  const { file, url } = await followed('lags.log', '', async () => [{ topic: 'a', records: records-- }]);
  await appendFile(file, emf({ event: 'b' }, { LagRecords: 2 }));
  const lags = async () => [...(parse(await scrape(url)).get('headrace_lag_records')?.samples ?? [])];
  expect(await lags()).toEqual([
    ['headrace_lag_records{event="b"}', 2],
    ['headrace_lag_records{event="a"}', 5],
  ]);
  expect(await lags()).toContainEqual(['headrace_lag_records{event="a"}', 4]);
});

test('startMetricsServer: tells events and codes apart, and writes any text as a label', async () => {
  const { file, url } = await followed('labels.log');
  await appendFile(file, emf({ event: 'a', code: 'invalid-payload' }, { Refused: 1 }));
  await appendFile(file, emf({ event: 'b', code: 'quote " slash \\ line \n' }, { Refused: 2 }));
  expect([...(parse(await scrape(url)).get('headrace_refused_total')?.samples ?? [])]).toEqual([
    ['headrace_refused_total{event="a",code="invalid-payload"}', 1],
    ['headrace_refused_total{event="b",code="quote \\" slash \\\\ line \\n"}', 2],
  ]);
});

test('startMetricsServer: takes each line once, when it is whole, and only those written since it started', async () => {
  const event = { event: 'a' };
  const { file, url } = await followed('lines.log', emf(event, { Accepted: 100 }));
  const rows = async () =>
    parse(await scrape(url))
      .get('headrace_accepted_total')
      ?.samples.get('headrace_accepted_total{event="a"}');
  expect(await rows()).toBeUndefined();
  const line = emf(event, { Accepted: 5 });
  await appendFile(file, line.slice(0, 40));
  expect(await rows()).toBeUndefined();
  await appendFile(file, line.slice(40));
  expect([await rows(), await rows()]).toEqual([5, 5]);
});

test('startMetricsServer: passes over what is no line of ours', async () => {
  const { file, url } = await followed('other.log');
  await appendFile(file, 'REPORT RequestId\n{"level":"ERROR"}\n{"_aws" is not JSON\n{"_aws":{}}\n');
  await appendFile(file, emf({ event: 'a' }, { SomebodyElses: 1 }));
  await appendFile(file, emf({ event: 'a' }, { Accepted: 1 }, 'AnotherNamespace'));
  await appendFile(file, emf({ event: 'a' }, { Accepted: 'many' }));
  expect(parse(await scrape(url)).get('headrace_accepted_total')?.samples).toEqual(
    new Map([['headrace_accepted_total{event="a"}', 0]]),
  );
});

test('startMetricsServer: a log of many megabytes between two questions is read whole', async () => {
  const { file, url } = await followed('large.log');
  const line = emf({ event: 'a' }, { Accepted: 1 });
  const lines = Math.ceil((3 * 1024 * 1024) / line.length);
  await appendFile(file, line.repeat(lines));
  expect(
    parse(await scrape(url))
      .get('headrace_accepted_total')
      ?.samples.get('headrace_accepted_total{event="a"}'),
  ).toBe(lines);
});

test('startMetricsServer: answers GET /metrics and nothing else', async () => {
  const { url } = await followed('answers.log');
  const answer = await fetch(url);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  expect((await fetch(url.replace('/metrics', '/'))).status).toBe(404);
  expect((await fetch(url, { method: 'POST' })).status).toBe(404);
});

test('prometheusName: every metric has a name of its own that Prometheus allows', () => {
  const names = (Object.keys(METRICS) as MetricName[]).map(prometheusName);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) {
    expect(name).toMatch(/^headrace_[a-z]+(_[a-z]+)*$/);
  }
});
