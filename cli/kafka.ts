/** `headrace kafka`: the embedded Kafka broker alone, until Ctrl-C. */
import { startKafkaBroker } from '../local/kafka/broker.ts';

export interface KafkaOptions {
  /** The folder for topics and offsets. */
  readonly dir: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The address to listen on. Any client that reaches it may do everything. */
  readonly host: string;
}

/** @returns the exit code, after the broker was told to stop. */
export async function kafka({ dir, port, host }: KafkaOptions): Promise<number> {
  const broker = await startKafkaBroker({ dir, port, host });
  console.log(`Kafka listens on ${broker.bootstrap}. Ctrl-C stops it; the data stays in ${dir}.`);
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await broker.stop();
  return 0;
}
