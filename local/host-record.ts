/** What a host leaves in its data folder, so that other commands find its parts: while it runs, and after. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { KafkaConnection } from '../pipeline/adapters/kafka-connection.ts';
import { HostError } from './host-error.ts';

export interface HostRecord {
  readonly pid: number;
  readonly ingestUrl: string;
  /** S3, SQS, SSM and MSK. */
  readonly awsEndpoint: string;
  readonly kafka: KafkaConnection;
  /** Whether Kafka is the host's own broker, which ends with it. */
  readonly ownsKafka: boolean;
  readonly warehousePath: string;
  readonly metricsUrl: string;
  /** Outputs by stack and id. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** SSM's parameters, which only the templates keep. */
  readonly parameters: Readonly<Record<string, string>>;
}

const FILE = 'host.json';
/** A Kafka of one's own may have a password in its properties. */
const OWNER_ONLY = 0o600;

export function writeHostRecord(dataDir: string, record: HostRecord): void {
  writeFileSync(join(dataDir, FILE), JSON.stringify(record, undefined, 2), { mode: OWNER_ONLY });
}

/** @throws HostError when no host has started there. */
export function readHostRecord(dataDir: string): HostRecord {
  try {
    return JSON.parse(readFileSync(join(dataDir, FILE), 'utf8')) as HostRecord;
  } catch {
    const how = 'start it there first with "headrace start", or give its folder with --dir';
    throw new HostError(`Cannot find a pipeline in "${resolve(dataDir)}": it has no ${FILE}; ${how}`);
  }
}
