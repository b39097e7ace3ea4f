/** `headrace dead-letters`: what could not be a row, and what becomes of it. */
import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { readDecisions } from '../pipeline/dead-letters/decision-log.ts';
import { discardLetters } from '../pipeline/dead-letters/discard.ts';
import { groupLetters } from '../pipeline/dead-letters/group-letters.ts';
import { committedLetters, letterId } from '../pipeline/dead-letters/letter.ts';
import { type ReplayReport, replayLetters } from '../pipeline/dead-letters/replay.ts';
import type { ObjectStore } from '../pipeline/ports.ts';
import type { DeadLetterLine } from '../pipeline/sink/dead-letter.ts';
import { countOf, FLAG, onlyEvent, PLACE_OPTIONS, placeOf, TEXT } from './arguments.ts';
import { CommandError } from './command-error.ts';
import { connectEvent, type EventConnection } from './connect-event.ts';
import { quantity } from './quantity.ts';
import { textTable } from './text-table.ts';

const OPTIONS = {
  ...PLACE_OPTIONS,
  /** `<partition>-<offset>` of the letters that are meant. */
  id: { ...TEXT, multiple: true },
  code: TEXT,
  all: FLAG,
  'dry-run': FLAG,
  tries: TEXT,
  reason: TEXT,
  json: FLAG,
} as const;
type Options = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];
type Action = (connection: EventConnection, options: Options) => Promise<number>;

const ACTIONS: ReadonlyMap<string, Action> = new Map([
  ['list', list],
  ['show', show],
  ['replay', replay],
  ['discard', discard],
]);
const ID = /^\d+-\d+$/;

/** @returns the exit code: 1 when Kafka did not take a letter, or there is no such letter. */
export async function deadLetters(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const [name, ...events] = positionals;
  const action = ACTIONS.get(name ?? '');
  if (!action) {
    const wish = name === undefined ? 'Say what to do with dead letters' : `Cannot "${name}" dead letters`;
    throw new CommandError(`${wish}: allowed are ${[...ACTIONS.keys()].join(', ')}, and the event after it`);
  }
  const wrong = values.id?.find((id) => !ID.test(id));
  if (wrong !== undefined) {
    throw new CommandError(`Cannot use "${wrong}" as a letter: allowed is <partition>-<offset>, as list prints them`);
  }
  const connection = await connectEvent(onlyEvent(events), placeOf(values));
  try {
    return await action(connection, values);
  } finally {
    await connection.close();
  }
}

async function list({ lake, contract }: EventConnection, { json }: Options): Promise<number> {
  const groups = await groupLetters(lake);
  if (json) {
    console.log(JSON.stringify(groups, undefined, 2));
    return 0;
  }
  if (groups.length === 0) {
    console.log(`${contract.event} has no dead letters.`);
    return 0;
  }
  const rows = groups.map(({ code, reason, counts, samples, first, last }) => [
    code,
    counts.open,
    counts.replayed,
    counts.discarded,
    counts.sending,
    `${day(first)} to ${day(last)}`,
    samples.join(' '),
    reason,
  ]);
  const header = ['code', 'open', 'replayed', 'discarded', 'in doubt', 'received', 'such as', 'reason'];
  console.log(textTable(header, rows));
  return 0;
}

const day = (time: number): string => instant(time).slice(0, 10);

/** Kafka takes any number for a time, and such a record is a letter. */
function instant(time: number): string {
  const date = new Date(time);
  return Number.isFinite(date.getTime()) ? date.toISOString() : '(no time)';
}

async function show({ lake }: EventConnection, { id: ids = [] }: Options): Promise<number> {
  if (ids.length === 0) {
    throw new CommandError('Say which letters: --id <partition>-<offset>, as list prints them');
  }
  const missing = new Set(ids);
  for await (const letter of selected(lake, (each) => missing.has(letterId(each)))) {
    missing.delete(letterId(letter));
    console.log(JSON.stringify(readable(letter), undefined, 2));
  }
  if (missing.size > 0) {
    console.error(`There is no letter ${[...missing].join(', ')}.`);
  }
  return missing.size > 0 ? 1 : 0;
}

async function* selected(
  lake: ObjectStore,
  filter: (letter: DeadLetterLine) => boolean,
): AsyncGenerator<DeadLetterLine> {
  for await (const letter of committedLetters(lake)) {
    if (filter(letter)) {
      yield letter;
    }
  }
}

/** Key and value stay in base64, and as text beside it where they are text. */
function readable(letter: DeadLetterLine): object {
  const headers = letter.headers.map(([name, value]) => [name, asText(value) ?? `base64:${value}`]);
  const valueText = letter.value === null ? undefined : asText(letter.value);
  return { ...letter, timestamp: instant(letter.timestamp), headers, valueText };
}

function asText(base64: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
}

function filterOf({ id: ids = [], code }: Options): (letter: DeadLetterLine) => boolean {
  const wanted = new Set(ids);
  return (letter) =>
    (wanted.size === 0 || wanted.has(letterId(letter))) && (code === undefined || letter.code === code);
}

async function replay(connection: EventConnection, command: Options): Promise<number> {
  const { all = false, 'dry-run': dryRun = false, tries } = command;
  const ports = { ...connection, now: Date.now, by: userInfo().username };
  const options = {
    filter: filterOf(command),
    all,
    dryRun,
    ...(tries === undefined ? {} : { triesMax: countOf(tries) }),
  };
  const report = await replayLetters(ports, options);
  if (command.json) {
    const failures = report.failures.map(({ id, error }) => ({ id, error: error.message }));
    console.log(JSON.stringify({ ...report, left: Object.fromEntries(report.left), failures }, undefined, 2));
  } else {
    console.log(`${connection.contract.event}: ${describe(report, dryRun)}`);
  }
  return report.failures.length === 0 ? 0 : 1;
}

function describe({ sent, found, left, failures }: ReplayReport, dryRun: boolean): string {
  const lines = [`${quantity(sent, 'letter')} ${dryRun ? 'would be sent' : 'sent'} again.`];
  if (found > 0) {
    lines.push(`${found} had been sent by a run that died before it could note it.`);
  }
  lines.push(...[...left].map(([why, count]) => `${count} left: ${why}`));
  lines.push(...failures.map(({ id, error }) => `${id} failed: ${error.message}`));
  if (failures.length > 0) {
    lines.push('Those that failed may be stored all the same; run this again in ten minutes, it looks for them first.');
  }
  return lines.join('\n');
}

async function discard({ lake, contract }: EventConnection, command: Options): Promise<number> {
  const { id: ids = [], code, all, reason } = command;
  if (reason === undefined) {
    throw new CommandError('Say why, for those who ask later: --reason TEXT');
  }
  if (ids.length === 0 && code === undefined && !all) {
    throw new CommandError('Say which letters: --id <partition>-<offset>, --code CODE, or --all');
  }
  const { states: before } = await readDecisions(lake);
  const discarded = await discardLetters(lake, {
    filter: filterOf(command),
    reason,
    by: userInfo().username,
    now: Date.now(),
  });
  for (const id of ids.filter((each) => before.has(each))) {
    console.error(`${id} was decided before: ${before.get(id)}.`);
  }
  console.log(`${contract.event}: ${quantity(discarded, 'letter')} discarded. What is discarded stays in the lake.`);
  return 0;
}
