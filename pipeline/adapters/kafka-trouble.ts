/** Whether Kafka can be reached at all, for a person who waits. */
import { type KafkaConnection, kafkaAccess } from './kafka-connection.ts';
import { KafkaSocket } from './kafka-socket.ts';

/** Readers repeat for half a minute what fails; a broker that runs takes a connection and a login in less than this. */
const PATIENCE_MS = 3_000;

/**
 * Connects and signs in, to any of the brokers.
 * @returns undefined when one of them lets us in, else a line that says where none does, and why.
 */
export async function kafkaTrouble(
  connection: KafkaConnection,
  patienceMs: number = PATIENCE_MS,
): Promise<string | undefined> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer in ${patienceMs / 1000} seconds`)), patienceMs);
  try {
    const access = kafkaAccess(connection);
    const tries = access.brokers.map(async (broker) => (await KafkaSocket.connect(broker, access)).close());
    await Promise.race([Promise.any(tries), late.promise]);
    return undefined;
  } catch (error) {
    return `Kafka unreachable at ${connection.brokers}: ${reasonOf(error)}`;
  } finally {
    clearTimeout(timer);
  }
}

/** Of several brokers, or of several addresses of one, the first; some of Node's errors have a code and no message. */
function reasonOf(error: unknown): string {
  const { errors, message, code } = error as Partial<AggregateError> & NodeJS.ErrnoException;
  return errors === undefined ? message || String(code) : reasonOf(errors[0]);
}
