/** `headrace plan`: the resources, the statements and the cost that a deployment of one event changes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Template } from '../local/assembly.ts';
import type { CompiledContract } from '../pipeline/contract/compiled-contract.ts';
import { eventStackName, PLATFORM_STACK } from '../pipeline/contract/names.ts';
import { assembledContract } from './assembled-contract.ts';
import { CommandError } from './command-error.ts';
import { COMPONENTS, type EventCost, eventCost, totalCost } from './cost/event-cost.ts';
import type { EventLoad } from './cost/flow.ts';
import { eventShape, platformShape } from './cost/shape.ts';
import { type Previous, previousOfAws, previousOfGit } from './plan/previous.ts';
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

/** @returns the exit code. Changes nothing. @throws CommandError when there is no such event here. */
export async function plan({ event, against, source, load }: PlanOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-plan-'));
  try {
    const stacks = await synthesizedStacks(source, join(folder, 'after'));
    const own = stackNamed(stacks, eventStackName(event));
    const platform = stackNamed(stacks, PLATFORM_STACK);
    const contract = await assembledContract(own);
    const before = await (against === 'aws' ? previousOfAws(event) : previousOfGit(event, against.ref, folder));
    const statements = tableDdl(before.contract, contract);
    const title = `${event}, against ${against === 'aws' ? 'what is deployed' : against.ref}`;
    const sections = [
      title,
      describeResources(templateDiff(before.template, own.template), before.template === undefined),
      describeStatements(statements),
      describeCost(before, { template: own.template, contract }, platform.template, load),
    ];
    console.log(sections.join('\n\n'));
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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

const describeStatements = (statements: readonly string[]): string =>
  statements.length === 0
    ? 'Table: no change'
    : ['Table, by the loader before the first commit that needs it:', ...statements.map((one) => `  ${one};`)].join(
        '\n',
      );

interface Planned {
  readonly template: Template;
  readonly contract: CompiledContract;
}

function describeCost(before: Previous, after: Planned, platform: Template, load: EventLoad): string {
  const shape = platformShape(platform);
  const price = ({ template, contract }: Planned): EventCost =>
    eventCost(eventShape(template, contract), shape, load, 0);
  const then = price(after);
  const { template, contract } = before;
  const now = template && contract && costIfReadable(() => price({ template, contract }));
  const row = (name: string, of: (cost: EventCost) => number): Cell[] => {
    const was = template === undefined ? 0 : now && of(now);
    return [name, cents(was), cents(of(then)), cents(was === undefined ? undefined : of(then) - was)];
  };
  const components = COMPONENTS.filter((name) => name !== 'platform').map((name) => row(name, (cost) => cost[name]));
  const { eventsPerSecond, bytes } = load;
  const title = `Cost in USD a month at ${eventsPerSecond} events a second of ${bytes} bytes, without its share of the platform:`;
  return `${title}\n${textTable(['component', 'now', 'then', 'change'], [...components, row('total', totalCost)])}`;
}

/** A stack that another version of Headrace deployed may lack what prices are read from. */
function costIfReadable(cost: () => EventCost): EventCost | undefined {
  try {
    return cost();
  } catch (error) {
    if (error instanceof CommandError) {
      return undefined;
    }
    throw error;
  }
}

const cents = (usd: number | undefined): number | null => (usd === undefined ? null : Math.round(usd * 100) / 100);
