/** `headrace plan`: the resources, the statements and the cost that a deployment of one event changes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CompiledContract } from '../pipeline/contract/compiled-contract.ts';
import { eventStackName, PLATFORM_STACK } from '../pipeline/contract/names.ts';
import { assembledContract } from './assembled-contract.ts';
import { CommandError } from './command-error.ts';
import { COMPONENTS, type EventCost, eventCost, totalCost } from './cost/event-cost.ts';
import type { EventLoad } from './cost/flow.ts';
import { eventShape, type PlatformShape, platformShape } from './cost/shape.ts';
import { type Previous, previousOfAws, previousOfGit } from './plan/previous.ts';
import { type Planned, refusals } from './plan/refusals.ts';
import { tableDdl } from './plan/table-ddl.ts';
import { type PropertyChange, type ResourceChange, templateDiff } from './plan/template-diff.ts';
import { type StackSource, stackNamed, synthesizedStacks } from './synth.ts';
import { type Cell, textTable } from './text-table.ts';

export interface PlanOptions {
  readonly event: string;
  /** What is deployed, or what a git ref says. */
  readonly against: 'aws' | { readonly ref: string };
  readonly source: StackSource;
  readonly load: EventLoad;
}

/**
 * Changes nothing.
 * @returns the exit code: 1 when something of it cannot be deployed.
 * @throws CommandError when there is no such event, or nothing can be read to compare it with.
 */
export async function plan({ event, against, source, load }: PlanOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-plan-'));
  try {
    const stacks = await synthesizedStacks(source, join(folder, 'after'));
    const own = stackNamed(stacks, eventStackName(event));
    const platform = stackNamed(stacks, PLATFORM_STACK);
    const after: Planned = { template: own.template, contract: await assembledContract(own) };
    const before = await (against === 'aws' ? previousOfAws(event) : previousOfGit(event, against.ref, folder));
    const { text, isRefused } = planReport(
      `${event}, against ${describePrevious(before, against)}`,
      { before, after },
      platformShape(platform.template),
      load,
    );
    console.log(text);
    return isRefused ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns the plan, and whether something of it cannot be deployed. */
export function planReport(
  title: string,
  { before, after }: { readonly before: Previous; readonly after: Planned },
  platform: PlatformShape,
  load: EventLoad,
): { readonly text: string; readonly isRefused: boolean } {
  const changes = templateDiff(before.template, after.template);
  const refused = refusals(before, after, changes);
  const isRefused = refused.length > 0;
  const sections = [
    title,
    ...(isRefused ? [['This cannot be deployed:', ...refused.map((line) => `  ${line}`)].join('\n')] : []),
    describeResources(changes, before.template === undefined),
    describeTable(before.contract, after.contract),
    describeCost(before, after, platform, load),
  ];
  return { text: sections.join('\n\n'), isRefused };
}

/** What it is compared with, or that there is nothing. */
export function describePrevious({ template }: Previous, against: PlanOptions['against']): string {
  const [place, nothing] =
    against === 'aws'
      ? ['what is deployed', 'there is no such stack']
      : [against.ref, 'it has no such event in schemas/'];
  return template === undefined
    ? `${place}: ${nothing}, so there is nothing to compare with, and all of it is new`
    : place;
}

const SIGNS = { added: '+', changed: '~', removed: '-' } as const;

/** One line a resource, and one for each property that changes. */
export function describeResources(changes: readonly ResourceChange[], isNew: boolean): string {
  if (changes.length === 0) {
    return 'Resources: no change';
  }
  const count = (kind: ResourceChange['kind']): string =>
    `${changes.filter((each) => each.kind === kind).length} ${kind}`;
  const heading = `Resources${isNew ? ' of a new stack' : ''}: ${count('added')}, ${count('changed')}, ${count('removed')}`;
  return [heading, ...changes.flatMap(resourceLines)].join('\n');
}

function resourceLines({ kind, logicalId, type, properties, isReplaced, isKept }: ResourceChange): string[] {
  const fate = isReplaced ? `, replaced${isKept ? ', the old one is kept' : ''}` : isKept ? ', kept' : '';
  return [`  ${SIGNS[kind]} ${logicalId}  ${type}${fate}`, ...properties.map(propertyLine)];
}

function propertyLine({ path, before = 'nothing', after = 'nothing' }: PropertyChange): string {
  if (path === 'Code.S3Key') {
    return '      code';
  }
  // Two long ones that differ behind their beginnings.
  return before === after ? `      ${path}` : `      ${path}: ${before} → ${after}`;
}

/** One line for DuckDB: no loader on AWS runs its statements. */
export function describeTable(before: CompiledContract | undefined, after: CompiledContract): string {
  if (after.warehouse.target === 'duckdb') {
    const reason = 'the warehouse target "duckdb", the default, is a file of the laptop\'s';
    return `Table: none on AWS, for ${reason}; there the event fills its lake and nothing else`;
  }
  const statements = tableDdl(before, after);
  return statements.length === 0
    ? 'Table: no change'
    : ['Table, by the loader before the first commit that needs it:', ...statements.map((one) => `  ${one};`)].join(
        '\n',
      );
}

function describeCost(before: Previous, after: Planned, platform: PlatformShape, load: EventLoad): string {
  const then = eventCost(eventShape(after.template, after.contract), platform, load, 0);
  const now = costIfReadable(before, platform, load);
  const row = (name: string, of: (cost: EventCost) => number): Cell[] => {
    const was = before.template === undefined ? 0 : now && of(now);
    return [name, cents(was), cents(of(then)), cents(was === undefined ? undefined : of(then) - was)];
  };
  const components = COMPONENTS.filter((name) => name !== 'platform').map((name) => row(name, (cost) => cost[name]));
  const { eventsPerSecond, bytes } = load;
  const title = `Cost in USD a month at ${eventsPerSecond} events a second of ${bytes} bytes, without its share of the platform:`;
  return `${title}\n${textTable(['component', 'now', 'then', 'change'], [...components, row('total', totalCost)])}`;
}

/** A stack that another version of Headrace deployed may lack what prices are read from. */
function costIfReadable(
  { template, contract }: Previous,
  platform: PlatformShape,
  load: EventLoad,
): EventCost | undefined {
  try {
    return template && contract && eventCost(eventShape(template, contract), platform, load, 0);
  } catch (error) {
    if (error instanceof CommandError) {
      return undefined;
    }
    throw error;
  }
}

const cents = (usd: number | undefined): number | null => (usd === undefined ? null : Math.round(usd * 100) / 100);
