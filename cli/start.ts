/** `headrace start`: the pipeline on this machine, until Ctrl-C. */
import { startHost } from '../local/host.ts';
import type { KafkaConnection } from '../pipeline/adapters/kafka-connection.ts';
import { ASSEMBLY_DIR, synth } from './synth.ts';

export interface StartOptions {
  /** A folder with synthesized stacks; undefined synthesizes them first. */
  readonly assembly: string | undefined;
  /** The folder for topics, objects, queues and the warehouse. */
  readonly dataDir: string;
  /** Of the ingest API. 0 takes a free one. */
  readonly port: number;
  /** A Kafka to use instead of the embedded broker. */
  readonly kafka: KafkaConnection | undefined;
}

const EXAMPLE = JSON.stringify({
  specversion: '1.0',
  id: 'order-1',
  source: '/shop',
  type: 'order_created',
  data: {
    order_id: 'o-1',
    customer_id: '9007199254740993',
    placed_at: '2026-11-20T12:30:00Z',
    channel: 'WEB',
    items: [{ sku: 'cup-blue', quantity: 1, price_cents: 1250 }],
  },
});

/** @returns the exit code, after the pipeline was told to stop. */
export async function start({ assembly, dataDir, port, kafka }: StartOptions): Promise<number> {
  if (assembly === undefined) {
    await synth();
  }
  const host = await startHost({
    assemblyDir: assembly ?? ASSEMBLY_DIR,
    dataDir,
    port,
    log: console.log,
    ...(kafka && { kafka }),
  });
  console.log(`
The pipeline runs. Send an event:

  curl -i ${host.ingestUrl} -H 'content-type: application/cloudevents+json' -d '${EXAMPLE}'

  Kafka      ${host.kafka.brokers}
  S3, SQS    ${host.awsEndpoint}
  warehouse  ${host.warehousePath} (DuckDB)
  metrics    ${host.metricsUrl} (Prometheus)
  logs       ${dataDir}/logs

Ctrl-C stops it; the data stays in ${dataDir}.`);
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  console.log('\nStopping ...');
  await host.stop();
  return 0;
}
