/** `headrace plan`: the resources, the statements and the cost that a deployment of one event changes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAssembly, type Template } from '../local/assembly.ts';
import { loadContract } from '../pipeline/contract/load-contract.ts';
import { eventStackName, PLATFORM_STACK } from '../pipeline/contract/names.ts';
import { CommandError } from './command-error.ts';
import { COMPONENTS, type EventCost, type EventLoad, eventCost, totalCost } from './cost/event-cost.ts';
import { eventShape, platformShape } from './cost/shape.ts';
import { previousOfAws, previousOfGit } from './plan/previous.ts';
import { tableDdl } from './plan/table-ddl.ts';
import { type PropertyChange, type ResourceChange, templateDiff } from './plan/template-diff.ts';
import { synth } from './synth.ts';
import { type Cell, textTable } from './text-table.ts';

export interface PlanOptions {
  readonly event: string;
  /** What is deployed, or what a git ref says. */
  readonly against: 'aws' | { readonly ref: string };
  readonly load: EventLoad;
}

/** @returns the exit code. Changes nothing. @throws CommandError when there is no such event here. */
export async function plan({ event, against, load }: PlanOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-plan-'));
  try {
    const output = join(folder, 'after');
    await synth({ output });
    const stacks = new Map(readAssembly(output).map(({ name, template }) => [name, template]));
    const [after, platform] = [stacks.get(eventStackName(event)), stacks.get(PLATFORM_STACK)];
    if (after === undefined || platform === undefined) {
      throw new CommandError(`Cannot plan "${event}": there is no such event in schemas/`);
    }
    const before = await (against === 'aws' ? previousOfAws(event) : previousOfGit(event, against.ref, folder));
    const statements = tableDdl(before.contract, loadContract(join('schemas', event)));
    const title = `${event}, against ${against === 'aws' ? 'what is deployed' : against.ref}`;
    const sections = [
      title,
      describeResources(templateDiff(before.template, after), before.template === undefined),
      describeStatements(statements),
      describeCost(before.template, after, platform, load),
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

function describeCost(before: Template | undefined, after: Template, platform: Template, load: EventLoad): string {
  const shape = platformShape(platform);
  const then = eventCost(eventShape(after), shape, load, 0);
  const now = before && costIfReadable(before, (template) => eventCost(eventShape(template), shape, load, 0));
  const row = (name: string, of: (cost: EventCost) => number): Cell[] => {
    const was = before === undefined ? 0 : now && of(now);
    return [name, cents(was), cents(of(then)), cents(was === undefined ? undefined : of(then) - was)];
  };
  const components = COMPONENTS.filter((name) => name !== 'platform').map((name) => row(name, (cost) => cost[name]));
  const { eventsPerSecond, bytes } = load;
  const title = `Cost in USD a month at ${eventsPerSecond} events a second of ${bytes} bytes, without its share of the platform:`;
  return `${title}\n${textTable(['component', 'now', 'then', 'change'], [...components, row('total', totalCost)])}`;
}

/** A stack that another version of Headrace deployed may lack what prices are read from. */
function costIfReadable(template: Template, cost: (template: Template) => EventCost): EventCost | undefined {
  try {
    return cost(template);
  } catch (error) {
    if (error instanceof CommandError) {
      return undefined;
    }
    throw error;
  }
}

const cents = (usd: number | undefined): number | null => (usd === undefined ? null : Math.round(usd * 100) / 100);
