/** `headrace cost`: what each event costs a month, and for a million events, beside others. */
import type { AssemblyStack } from '../local/assembly.ts';
import { eventStackName, PLATFORM_STACK } from '../pipeline/contract/names.ts';
import { assembledContract } from './assembled-contract.ts';
import { CommandError } from './command-error.ts';
import { alternatives } from './cost/alternatives.ts';
import { COMPONENTS, type EventCost, eventCost, perMillion, platformShares, totalCost } from './cost/event-cost.ts';
import { type EventLoad, flowOf } from './cost/flow.ts';
import { unpricedWarehouse } from './cost/load-cost.ts';
import { PRICES_DATE, PRICES_REGION } from './cost/prices.ts';
import { unfinishedRuns } from './cost/scheduled-cost.ts';
import { eventShape, platformShape } from './cost/shape.ts';
import { type StackSource, stackNamed, synthesizedStacks } from './synth.ts';
import { type Cell, textTable } from './text-table.ts';

export interface CostOptions {
  readonly source: StackSource;
  /** `<event>=<number>/<s|min|h|day|month>` each. Empty: 100 a second for each event. */
  readonly rates: readonly string[];
  /** Of an event as JSON. */
  readonly bytes: number;
  readonly eventsPerRequest: number;
  readonly folders?: number | undefined;
}

const DIGITS = 4;
const RATE_DEFAULT = 100;
const RATE = /^([a-z][a-z0-9_]*)=(\d+(?:\.\d+)?)\/(s|min|h|day|month)$/;
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3_600, day: 86_400, month: 730 * 3_600 };

/** @returns the exit code. @throws CommandError when a rate cannot be read, or names no event of the assembly. */
export async function cost(options: CostOptions): Promise<number> {
  const rates = options.rates.map(parseRate);
  const stacks = await synthesizedStacks(options.source);
  const events = eventsOf(stacks, rates);
  const loads = events.map(({ eventsPerSecond }) => ({
    eventsPerSecond,
    bytes: options.bytes,
    eventsPerRequest: options.eventsPerRequest,
    folders: options.folders,
  }));
  const platform = platformShape(stackNamed(stacks, PLATFORM_STACK).template);
  const shares = platformShares(loads);
  for (const [index, { event, stack }] of events.entries()) {
    const load = loads[index] as EventLoad;
    const shape = eventShape(stack.template, await assembledContract(stack));
    console.log(report(event, load, eventCost(shape, platform, load, shares[index] ?? 0)));
    const flow = flowOf(shape, load);
    console.log([unpricedWarehouse(shape, platform, flow), ...unfinishedRuns(shape, load, flow), ''].join('\n'));
    // Once for all events of one rate, behind them.
    if (loads[index + 1]?.eventsPerSecond !== load.eventsPerSecond) {
      console.log(elsewhere(load));
    }
  }
  console.log(FOOTNOTE);
  return 0;
}

const FOOTNOTE = `Prices of ${PRICES_DATE}, ${PRICES_REGION}, without free tiers; docs/cost.md has every formula, and which prices and
times are assumed. The platform is shared by the bytes of the events above. Not included: what each warehouse bills itself,
and a lake older than a month. Firehose and Kinesis end at files, and take no part in HTTP, validation, dead letters or
loads.
`;

interface Rate {
  readonly event: string;
  readonly eventsPerSecond: number;
}

/** @throws CommandError that says what is allowed. */
export function parseRate(text: string): Rate {
  const [, event, count, unit] = RATE.exec(text) ?? [];
  if (event === undefined) {
    throw new CommandError(`Cannot read the rate "${text}": allowed is <event>=<number>/s, or /min, /h, /day, /month`);
  }
  return { event, eventsPerSecond: Number(count) / (UNIT_SECONDS[unit ?? 's'] ?? 1) };
}

function eventsOf(stacks: readonly AssemblyStack[], rates: readonly Rate[]): Array<Rate & { stack: AssemblyStack }> {
  if (rates.length > 0) {
    return rates.map((rate) => ({ ...rate, stack: stackNamed(stacks, eventStackName(rate.event)) }));
  }
  return stacks
    .filter(({ name }) => name !== PLATFORM_STACK)
    .map((stack) => ({ event: eventOf(stack), eventsPerSecond: RATE_DEFAULT, stack }));
}

/** By its topic, which has the event's name. */
const eventOf = ({ name, template }: AssemblyStack): string => String(template.Outputs?.['TopicName']?.Value ?? name);

function report(event: string, load: EventLoad, costs: EventCost): string {
  const line = (name: string, usd: number): Cell[] => [name, round(usd), round(perMillion(usd, load), DIGITS)];
  const rows = [...COMPONENTS.map((name) => line(name, costs[name])), line('total', totalCost(costs))];
  const { eventsPerSecond, bytes, eventsPerRequest } = load;
  const title = `${event}: ${eventsPerSecond.toLocaleString('en-US')} events a second of ${bytes} bytes, ${eventsPerRequest} in a request`;
  const own = textTable(['component', 'USD a month', 'USD per million events'], rows, DIGITS);
  return `${title}\n\n${own}\n`;
}

function elsewhere(load: EventLoad): string {
  const rows = alternatives(load).map(({ name, perMillion: usd }): Cell[] => [name, round(usd, DIGITS)]);
  return `${textTable(['elsewhere', 'USD per million events'], rows, DIGITS)}\n`;
}

const round = (value: number, digits = 2): number => Number(value.toFixed(digits));
