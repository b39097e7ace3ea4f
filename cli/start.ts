/** `headrace start`: the pipeline on this machine, until Ctrl-C. */
import { checkPlace } from '../local/check-place.ts';
import { startHost } from '../local/host.ts';
import type { KafkaConnection } from '../pipeline/adapters/kafka-connection.ts';
import { exampleCommand } from './example-event.ts';
import { ASSEMBLY_DIR, SCHEMAS_DIR, synth } from './synth.ts';

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

/** @returns the exit code, after the pipeline was told to stop. */
export async function start({ assembly, dataDir, port, kafka }: StartOptions): Promise<number> {
  const place = { dataDir, port, ...(kafka && { kafka }) };
  if (assembly === undefined) {
    await checkPlace(place);
    await synth();
  }
  const host = await startHost({ ...place, assemblyDir: assembly ?? ASSEMBLY_DIR, log: console.log });
  const events = Object.values(host.outputs).flatMap(({ TopicName }) => TopicName ?? []);
  const example = exampleCommand(host.ingestUrl, SCHEMAS_DIR, events);
  console.log(`
The pipeline runs. Send events to ${host.ingestUrl}${example === undefined ? '' : `, such as:\n\n  ${example}`}

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
