/** `headrace status`: lag, freshness and health of every event in one table. */
import { CloudFormationClient, paginateDescribeStacks } from '@aws-sdk/client-cloudformation';
import { readHostRecord } from '../local/host-record.ts';
import type { KafkaConnection } from '../pipeline/adapters/kafka-connection.ts';
import { kafkaTrouble } from '../pipeline/adapters/kafka-trouble.ts';
import { sinkTrigger } from '../pipeline/contract/sink-trigger.ts';
import { type EventStatus, eventStatus } from '../pipeline/status/event-status.ts';
import { CommandError } from './command-error.ts';
import { connectEvent, type Place } from './connect-event.ts';
import { type Cell, textTable } from './text-table.ts';

export interface StatusCommand {
  readonly place: Place;
  /** Brokers cannot be reached from outside of their network. */
  readonly kafka: boolean;
}

const HEADER = [
  'event',
  'trigger',
  'in Kafka',
  'committed',
  'loaded',
  'lag',
  'freshness s',
  'promised s',
  'dead letters',
  'loads waiting',
  'failed loads',
  'health',
];

/** @returns the exit code: 1 when an event is not well, or cannot be looked at, else 0. */
export async function status({ place, kafka }: StatusCommand): Promise<number> {
  const rows: Cell[][] = [];
  const probe = kafkaProbe();
  // One after the other: each takes the data folder for itself when no host has it.
  for (const event of await deployedEvents(place)) {
    rows.push(await statusRow(event, place, kafka ? probe.trouble : undefined));
  }
  console.log(textTable(HEADER, rows));
  if (probe.found !== undefined) {
    console.log(`\n${probe.found}; the columns that need it are empty.`);
    return 1;
  }
  return rows.every((row) => row.at(-1) === 'ok') ? 0 : 1;
}

/** By their topics: what an event's stack puts out and no other does. */
async function deployedEvents(place: Place): Promise<string[]> {
  if (place !== 'aws') {
    return Object.values(readHostRecord(place.dir).outputs).flatMap(({ TopicName }) => TopicName ?? []);
  }
  try {
    return (await stackOutputs('TopicName')).sort();
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    throw new CommandError(`Cannot list the stacks of the account: ${reason}`);
  }
}

/** The values of an output, of every stack that has it. */
async function stackOutputs(id: string): Promise<string[]> {
  const values: string[] = [];
  for await (const { Stacks = [] } of paginateDescribeStacks({ client: new CloudFormationClient({}) }, {})) {
    const outputs = Stacks.flatMap(({ Outputs = [] }) => Outputs);
    values.push(...outputs.flatMap(({ OutputKey, OutputValue = '' }) => (OutputKey === id ? [OutputValue] : [])));
  }
  return values;
}

interface KafkaProbe {
  /** What is wrong, once it was asked for. */
  readonly found: string | undefined;
  trouble(kafka: KafkaConnection): Promise<string | undefined>;
}

/** Asks once: all events of a place have one cluster, and each of them would wait for it anew. */
function kafkaProbe(): KafkaProbe {
  let [isAsked, found]: [boolean, string | undefined] = [false, undefined];
  return {
    get found() {
      return found;
    },
    async trouble(kafka) {
      if (!isAsked) {
        [isAsked, found] = [true, await kafkaTrouble(kafka)];
      }
      return found;
    },
  };
}

/** @param trouble undefined leaves Kafka out. */
async function statusRow(event: string, place: Place, trouble: KafkaProbe['trouble'] | undefined): Promise<Cell[]> {
  try {
    const connection = await connectEvent(event, place);
    try {
      const { contract, kafka } = connection;
      const isLeftOut = trouble === undefined || (await trouble(kafka)) !== undefined;
      const reader = isLeftOut ? undefined : connection.reader;
      const found = await eventStatus({ ...connection, reader }, Date.now());
      return [event, sinkTrigger(contract).kind, ...cells(found, contract.freshnessSeconds)];
    } finally {
      await connection.close();
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [event, '', ...Array.from({ length: HEADER.length - 3 }, () => null), `unknown: ${reason}`];
  }
}

const cells = (found: EventStatus, promisedSeconds: number): Cell[] => [
  found.inKafka,
  found.committed,
  found.loaded,
  found.lag,
  found.freshnessSeconds === null ? null : Math.round(found.freshnessSeconds),
  promisedSeconds,
  found.moreDeadLetters ? `${found.deadLetters}+` : found.deadLetters,
  found.messages.waiting,
  found.messages.failed,
  found.health,
];
