/** The embedded Kafka broker: one node, on disk, for laptops and tests. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { HostError } from '../host-error.ts';
import { CommittedOffsets } from './groups/committed-offsets.ts';
import { GroupCoordinator } from './groups/group-coordinator.ts';
import type { PartitionLog } from './log/partition-log.ts';
import { configRoutes } from './routes/config-routes.ts';
import { dataRoutes } from './routes/data-routes.ts';
import { groupRoutes } from './routes/group-routes.ts';
import { offsetRoutes } from './routes/offset-routes.ts';
import type { BrokerState, Route } from './routes/route.ts';
import { type SaslChecks, sessionRoutes } from './routes/session-routes.ts';
import { topicRoutes } from './routes/topic-routes.ts';
import { transactionRoutes } from './routes/transaction-routes.ts';
import { serveConnection } from './server/connection.ts';
import { Faults } from './server/faults.ts';
import { supportedVersions } from './server/request-router.ts';
import { lockDirectory } from './storage/directory-lock.ts';
import { Topics } from './topics.ts';
import { TransactionCoordinator } from './transactions/transaction-coordinator.ts';

/** How the broker starts. */
export interface KafkaBrokerOptions {
  /** Where everything is kept; created if need be. One broker at a time. */
  readonly dir: string;
  /** @default 0, a free port. */
  readonly port?: number;
  /** The address to listen on and to tell clients. @default '127.0.0.1' */
  readonly host?: string;
  /** Whether metadata requests create topics. @default false */
  readonly autoCreateTopics?: boolean;
  /** Partitions of topics created without a number. @default 1 */
  readonly defaultPartitions?: number;
  /** Makes clients authenticate. @default none: any client may do everything */
  readonly sasl?: SaslChecks;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** For faults with a probability. @default Math.random */
  readonly random?: () => number;
}

/** A running broker. */
export interface KafkaBroker {
  readonly host: string;
  readonly port: number;
  /** host:port, as Kafka clients take it. */
  readonly bootstrap: string;
  /** Failures on demand, for tests. */
  readonly faults: Faults;
  /** Closes all connections and files. Repeating it does nothing. */
  stop(): Promise<void>;
}

/** Kafka's first node in a cluster of one. */
const nodeId = 1;
const housekeepingIntervalMs = 1000;
/** `producer.id.expiration.ms` of Apache Kafka. */
const producerExpirationMs = 86_400_000;

/**
 * Starts a broker that listens when the promise resolves. Its timers do not keep the process alive, its sockets do.
 * What it has acknowledged survives `kill -9`; nothing is flushed to the medium, so a power cut may lose the newest.
 * @throws HostError when the directory or the port cannot be used.
 */
export async function startKafkaBroker(options: KafkaBrokerOptions): Promise<KafkaBroker> {
  const { dir, port = 0, host = '127.0.0.1' } = options;
  const unlock = lockDirectory(dir);
  const server = createServer({ noDelay: true });
  try {
    await listen(server, port, host);
    // Clients that connect while the logs are read wait in the kernel's queue.
    return serve(server, host, options, unlock);
  } catch (error) {
    server.close();
    unlock();
    throw error;
  }
}

function serve(server: Server, host: string, options: KafkaBrokerOptions, unlock: () => void): KafkaBroker {
  const { dir, sasl, autoCreateTopics = false, defaultPartitions = 1, now = Date.now } = options;
  const { port } = server.address() as AddressInfo;
  const topics = new Topics(dir, now);
  const offsets = new CommittedOffsets(join(dir, 'offsets.journal'));
  const transactions = new TransactionCoordinator(dir, topics, offsets, now);
  const groups = new GroupCoordinator(offsets);
  const faults = new Faults(() => topics.refs(), now, options.random);
  const node = { nodeId, host, port };
  const state = {
    topics,
    groups,
    transactions,
    clusterId: clusterIdOf(dir),
    node,
    autoCreateTopics,
    defaultPartitions,
    now,
  };
  const context = { routes: allRoutes(state, sasl), faults, requiresAuthentication: sasl !== undefined, now };
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    void serveConnection(socket, context);
  });
  const housekeeping = startHousekeeping(topics, transactions, now);
  const stop = async () => {
    clearInterval(housekeeping);
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
    groups.close();
    transactions.close();
    topics.close();
    unlock();
  };
  let stopped: Promise<void> | undefined;
  return {
    host,
    port,
    bootstrap: `${host}:${port}`,
    faults,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

function allRoutes(state: BrokerState, sasl: SaslChecks | undefined): ReadonlyMap<number, Route> {
  const routes = new Map<number, Route>();
  const makers = [dataRoutes, topicRoutes, configRoutes, groupRoutes, offsetRoutes, transactionRoutes];
  const session = sessionRoutes(() => supportedVersions(routes), sasl, state.now);
  for (const one of [...session, ...makers.flatMap((make) => make(state))]) routes.set(one.api.key, one);
  return routes;
}

/**
 * Every second: transaction timeouts, retention and compaction. What fails is told, keeps no other log from its turn
 * and is tried again the next time.
 */
function startHousekeeping(topics: Topics, transactions: TransactionCoordinator, now: () => number): NodeJS.Timeout {
  let isCompacting = false;
  const tidyUp = () => {
    transactions.tidyUp();
    const logs = [...topics.all].flatMap((topic) => topic.logs);
    for (const log of logs) {
      try {
        log.applyRetention();
      } catch (error) {
        warn(log, error);
      }
      log.producers.expire(now() - producerExpirationMs, log.startOffset);
    }
    if (isCompacting) return;
    isCompacting = true;
    void compactAll(logs).finally(() => {
      isCompacting = false;
    });
  };
  return setInterval(tidyUp, housekeepingIntervalMs).unref();
}

async function compactAll(logs: readonly PartitionLog[]): Promise<void> {
  for (const log of logs) await log.compact().catch((error) => warn(log, error));
}

function warn({ folder }: PartitionLog, error: unknown): void {
  process.emitWarning(`Cannot tidy up "${folder}": ${String(error)}`);
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      const reason = code === 'EADDRINUSE' ? 'another process uses it' : message;
      reject(new HostError(`Cannot listen on "${host}:${port}": ${reason}, choose another port or 0 for a free one`));
    });
    server.listen(port, host, () => resolve());
  });
}

/** The cluster's name, made at the first start; Kafka's are 16 random bytes in URL-safe base64. */
function clusterIdOf(dir: string): string {
  const path = join(dir, 'cluster-id');
  if (!existsSync(path)) writeFileSync(path, randomBytes(16).toString('base64url'));
  return readFileSync(path, 'utf8');
}
