/** `GET /metrics`: what the functions have written since the host started, for Prometheus. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from '../listen.ts';
import { LogFollower } from './log-follower.ts';
import { level, MetricSeries } from './metric-series.ts';
import { PROMETHEUS_CONTENT_TYPE, prometheusText } from './prometheus-text.ts';
import type { TopicLag } from './topic-lags.ts';

export interface MetricsServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Functions write metrics into their logs as they do on AWS, and the logs are read when somebody asks, so that nobody
 * pays for what nobody reads. Counters start at 0 with each start of the host, as Prometheus expects of a process.
 * @param logFiles of the functions, before they run.
 * @param lags asked for likewise, of topics that are read for a function, which then knows of no lag. Never rejects.
 * @param port 0 takes a free one.
 */
export async function startMetricsServer(
  logFiles: readonly string[],
  lags: () => Promise<readonly TopicLag[]> = async () => [],
  port = 0,
): Promise<MetricsServer> {
  const followers = logFiles.map((file) => new LogFollower(file));
  const series = new MetricSeries();
  const server = createServer(async (request, response) => {
    if (!isScrape(request)) {
      response.writeHead(404).end();
      return;
    }
    for (const follower of followers) follower.read((line) => series.add(line));
    // A topic has its event's name.
    const levels = (await lags()).map(({ topic, records }) => level('LagRecords', { event: topic }, records));
    send(response, prometheusText([...series.all, ...levels]));
  });
  const taken = await listen(server, port);
  return {
    url: `http://127.0.0.1:${taken}/metrics`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

const isScrape = ({ method, url }: IncomingMessage): boolean =>
  method === 'GET' && URL.parse(url ?? '', 'http://localhost')?.pathname === '/metrics';

function send(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': PROMETHEUS_CONTENT_TYPE }).end(body);
}
