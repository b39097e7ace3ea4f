#!/usr/bin/env -S node --disable-warning=TimeoutNegativeWarning
/** The command line: one command a file in `cli/`. */
import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { parseArgs } from 'node:util';
import { countOf, FLAG, hoursMs, onlyEvent, PLACE_OPTIONS, placeOf, TEXT } from '../cli/arguments.ts';
import { CommandError } from '../cli/command-error.ts';
import {
  type KafkaConnection,
  kafkaConfig,
  PLAINTEXT,
  withAbsolutePaths,
} from '../pipeline/adapters/kafka-connection.ts';
import { PipelineError } from '../pipeline/errors.ts';

// Node then erases types once for each source, not at every start, which takes longer than the rest of a start.
enableCompileCache();

const USAGE = `Usage: headrace <command> [options]

  start   run the pipeline on this machine until Ctrl-C
            --dir DIR            data folder                    (.headrace/laptop)
            --port N             port of the ingest API         (8787; 0 takes a free one)
            --assembly DIR       run the synthesized stacks in DIR instead of synthesizing
            --brokers LIST       host:port,... of a Kafka to use instead of the embedded one
            --kafka-config FILE  its client properties, as kafka-topics.sh --command-config takes them
  demo    send the public data sets of vega-datasets through it and check every number
            --brokers LIST, --kafka-config FILE
  kafka   run the embedded Kafka broker alone until Ctrl-C
            --dir DIR            data folder                    (.headrace/kafka)
            --port N                                            (9092; 0 takes a free one)
  check   compile every contract in schemas/ and say what is wrong
  plan EVENT          what a deployment changes: resources, statements for the table, cost
            --against REF        the contracts of a git ref     (HEAD), or
            --aws                what is deployed
            --rate N/s, --size BYTES, --batch N, --folders N, --stage NAME, --assembly DIR   as for cost
            exits with 1 when something of it cannot be deployed
  cost    what each event costs a month, and for a million events, beside others
            --rate EVENT=N/s     events a second; /min, /h, /day, /month; once for each event  (100/s for all)
            --size BYTES         of an event as JSON            (1000)
            --batch N            events in a request            (100)
            --folders N          values of the payload's columns in lake.partitionBy  (10 for each column)
            --stage NAME         of lib/config.ts: sandbox, staging, production       (production), or
            --assembly DIR       synthesized stacks, instead of synthesizing
  status  lag, freshness and health of every event; exits with 1 when one is not well
            --dir DIR, --aws     as for audit
            --no-kafka           leave Kafka out, which only its own network reaches
  audit EVENT         compare Kafka, the lake and the warehouse; exits with 1 when anything is lost or duplicated
            --dir DIR            data folder of headrace start  (.headrace/laptop), or
            --aws                the account and region of the environment
            --from, --to TIME    only commits with records of that time, in ISO 8601
            --files              read every data file too
            --no-kafka           leave Kafka out
            --settled            exit with 1 too when anything is still on its way
            --remove-orphans     delete objects that no commit names
            --grace HOURS        and that are older             (24)
            --json
  dead-letters list|show|replay|discard EVENT         what could not be a row
            --dir DIR or --aws, --json
            --id PARTITION-OFFSET, --code CODE        only those; --id may come several times
            --dry-run            replay: say what would be sent
            --all                replay: also what the contract refuses; discard: every open letter
            --tries N            replay: leave what has been sent again so often       (3)
            --reason TEXT        discard: why
  rebuild EVENT       load the warehouse table again from the commits, compare, and swap
            --dir DIR, --aws     as for audit
            --from, --to TIME    only commits with records of that time
            --drop-columns       also a table with columns that are not in the contract; they are gone then
  compact EVENT       merge the small files of settled commits into large ones
            --dir DIR, --aws     as for audit
            --min-age HOURS      of commits; all that are older are merged  (24, and wait a week for a file's worth)
`;

/** The part about one command; the whole for a word that is none. */
function usageOf(command: string): string {
  const parts = USAGE.split(/\n(?= {2}[a-z])/);
  const own = parts.find((part) => part.trim().split(/\s/, 1)[0] === command);
  return own === undefined ? USAGE : `Usage: headrace ${own.trim()}`;
}

const KAFKA_OPTIONS = { brokers: TEXT, 'kafka-config': TEXT } as const;
/** What comes in, besides the rate. */
const LOAD_OPTIONS = { size: TEXT, batch: TEXT, folders: TEXT } as const;
/** Whose templates are looked at. */
const SOURCE_OPTIONS = { assembly: TEXT, stage: TEXT } as const;

async function main(): Promise<number> {
  const [command = 'help', ...args] = process.argv.slice(2);
  if ([command, ...args].some((word) => word === '--help' || word === '-h')) {
    console.log(usageOf(command));
    return 0;
  }
  switch (command) {
    case 'start': {
      const { values } = parseArgs({ args, options: { dir: TEXT, port: TEXT, assembly: TEXT, ...KAFKA_OPTIONS } });
      const { dir = '.headrace/laptop', port = '8787', assembly } = values;
      const { start } = await import('../cli/start.ts');
      return start({ dataDir: dir, port: portNumber(port), assembly, kafka: kafkaConnection(values) });
    }
    case 'demo': {
      const { values } = parseArgs({ args, options: KAFKA_OPTIONS });
      return (await import('../cli/demo.ts')).demo(kafkaConnection(values));
    }
    case 'kafka': {
      const { values } = parseArgs({ args, options: { dir: TEXT, port: TEXT } });
      const { dir = '.headrace/kafka', port = '9092' } = values;
      return (await import('../cli/kafka.ts')).kafka({ dir, port: portNumber(port), host: '127.0.0.1' });
    }
    case 'status': {
      const { values } = parseArgs({ args, options: { ...PLACE_OPTIONS, 'no-kafka': FLAG } });
      const { status } = await import('../cli/status.ts');
      return status({ place: placeOf(values), kafka: values['no-kafka'] !== true });
    }
    case 'cost': {
      const options = { rate: { type: 'string', multiple: true }, ...LOAD_OPTIONS, ...SOURCE_OPTIONS } as const;
      const { rate = [], assembly, stage, ...load } = parseArgs({ args, options }).values;
      const { cost } = await import('../cli/cost.ts');
      return cost({ source: { assembly, stage }, rates: rate, ...eventLoad(load) });
    }
    case 'audit':
      return (await import('../cli/audit.ts')).audit(args);
    case 'dead-letters':
      return (await import('../cli/dead-letters.ts')).deadLetters(args);
    case 'rebuild':
      return (await import('../cli/rebuild.ts')).rebuild(args);
    case 'compact': {
      const options = { ...PLACE_OPTIONS, 'min-age': TEXT } as const;
      const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
      const age = values['min-age'];
      return (await import('../cli/compact.ts')).compact({
        event: onlyEvent(positionals),
        place: placeOf(values),
        settledAfterMs: age === undefined ? undefined : hoursMs(age),
      });
    }
    case 'plan': {
      const options = { against: TEXT, aws: FLAG, rate: TEXT, ...LOAD_OPTIONS, ...SOURCE_OPTIONS } as const;
      const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
      const { against: ref = 'HEAD', aws, rate = '100/s', assembly, stage, ...load } = values;
      const event = onlyEvent(positionals);
      const [{ plan }, { parseRate }] = await Promise.all([import('../cli/plan.ts'), import('../cli/cost.ts')]);
      const { eventsPerSecond } = parseRate(`${event}=${rate}`);
      const against = aws ? 'aws' : { ref };
      return plan({ event, against, source: { assembly, stage }, load: { eventsPerSecond, ...eventLoad(load) } });
    }
    case 'check':
      parseArgs({ args, options: {} });
      return (await import('../cli/check.ts')).check();
    case 'help':
      console.log(USAGE);
      return 0;
    default:
      throw new CommandError(`Unknown command "${command}": "headrace help" lists all`);
  }
}

interface KafkaValues {
  readonly brokers?: string | undefined;
  readonly 'kafka-config'?: string | undefined;
}

/** Undefined asks for the embedded broker. What is wrong with the properties shows before anything starts. */
function kafkaConnection({ brokers, 'kafka-config': file }: KafkaValues): KafkaConnection | undefined {
  if (brokers === undefined) {
    if (file !== undefined) {
      throw new CommandError('Cannot use --kafka-config without --brokers: say where the Kafka is');
    }
    return undefined;
  }
  const clientProperties = file === undefined ? PLAINTEXT : withAbsolutePaths(readConfig(file));
  const connection = { brokers, clientProperties };
  try {
    kafkaConfig(connection);
  } catch (error) {
    throw new CommandError(messageOf(error));
  }
  return connection;
}

function readConfig(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`Cannot read "${file}": ${messageOf(error)}`);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

interface LoadValues {
  readonly size?: string | undefined;
  readonly batch?: string | undefined;
  readonly folders?: string | undefined;
}

const eventLoad = ({ size = '1000', batch = '100', folders }: LoadValues) => ({
  bytes: positiveNumber('--size', size),
  eventsPerRequest: positiveNumber('--batch', batch),
  folders: folders === undefined ? undefined : countOf(folders),
});

function portNumber(text: string): number {
  // Number reads an empty text, as of a variable that is not set, as 0.
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) {
    throw new CommandError(`Cannot use "${text}" as a port: allowed are 0 to 65535`);
  }
  return port;
}

function positiveNumber(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) {
    throw new CommandError(`Cannot use "${text}" for ${option}: allowed is a number above 0`);
  }
  return value;
}

/**
 * Errors that a person can mend are one line, and so is a bad world, whose messages are complete; anything else is a
 * defect and shows where it came from.
 */
const EXPECTED: ReadonlySet<string> = new Set(['CommandError', 'ContractError', 'HostError']);

async function exitCode(): Promise<number> {
  try {
    return await main();
  } catch (error) {
    const expected =
      error instanceof Error &&
      (EXPECTED.has(error.name) ||
        error instanceof PipelineError ||
        ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')));
    console.error(expected ? error.message : error);
    // Their 1 says that something is wrong with an event, not with the command.
    return ['audit', 'status'].includes(process.argv[2] ?? '') ? 2 : 1;
  }
}

// A command is over when it returns, also when a failure left a connection open.
process.exit(await exitCode());
