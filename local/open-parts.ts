/** The data of a laptop host, whether it runs or not. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type KafkaConnection, PLAINTEXT } from '../pipeline/adapters/kafka-connection.ts';
import { startAwsEndpoint } from './aws/aws-endpoint.ts';
import { LOCK_FILE, PID_FILE } from './data-folder.ts';
import { HostError } from './host-error.ts';
import { type HostRecord, readHostRecord } from './host-record.ts';
import { startKafkaBroker } from './kafka/broker.ts';
import { takeLock } from './take-lock.ts';

export interface HostParts extends Pick<HostRecord, 'awsEndpoint' | 'kafka' | 'warehousePath' | 'outputs'> {
  /** Whether a host works on the data at the same time. */
  readonly isRunning: boolean;
  /** Ends what was started here; a host that runs goes on. */
  close(): Promise<void>;
}

/**
 * The parts of the host that runs on the folder. When none does, S3, SQS, SSM and the embedded Kafka are started on its
 * data without any function, and nobody else can use the folder until `close`.
 * @throws HostError when no host has ever started there, or one is starting or another command has it.
 */
export async function openHostParts(dataDir: string): Promise<HostParts> {
  const record = readHostRecord(dataDir);
  const path = resolve(dataDir);
  const lock = takeLock(join(path, LOCK_FILE));
  if (lock === undefined) {
    const holder = readFileSync(join(path, PID_FILE), 'utf8');
    if (holder !== String(record.pid)) {
      throw new HostError(`Cannot use the pipeline in "${path}": process ${holder} is busy with it, try again later`);
    }
    return { ...record, isRunning: true, close: async () => {} };
  }
  writeFileSync(join(path, PID_FILE), String(process.pid));
  const closers: Array<() => Promise<void> | void> = [() => lock.close()];
  const close = async (): Promise<void> => {
    for (const closer of closers.toReversed()) await closer();
  };
  try {
    const aws = await startAwsEndpoint({ dataDir: path, port: 0 });
    closers.push(() => aws.close());
    for (const [name, value] of Object.entries(record.parameters)) aws.parameters.put(name, 'String', value);
    const kafka = record.ownsKafka ? await startOwnKafka(path, closers) : record.kafka;
    const { outputs } = record;
    return {
      awsEndpoint: aws.url,
      kafka,
      warehousePath: join(path, 'warehouse.duckdb'),
      outputs,
      isRunning: false,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startOwnKafka(path: string, closers: Array<() => Promise<void> | void>): Promise<KafkaConnection> {
  const broker = await startKafkaBroker({ dir: join(path, 'kafka') });
  closers.push(() => broker.stop());
  return { brokers: broker.bootstrap, clientProperties: PLAINTEXT };
}
