import type { Planned } from '../../cli/plan/refusals.ts';
import { describePrevious, describeTable, planReport } from '../../cli/plan.ts';
import { EventStack } from '../../lib/event-stack.ts';
import type { Template } from '../../local/assembly.ts';
import { contractOf } from '../lib/contract-of.ts';
import { maskedTemplate, testApp } from '../lib/synthesize.ts';
import { orderContract } from '../pipeline/ingest/order-events.ts';
import { LOAD, PLATFORM } from './cost/event-shapes.ts';

test('describePrevious: says what is compared with, or that there is nothing', () => {
  const deployed = { template: {}, contract: undefined };
  expect(describePrevious(deployed, { ref: 'main' })).toBe('main');
  expect(describePrevious(deployed, 'aws')).toBe('what is deployed');
  const nothing = { template: undefined, contract: undefined };
  expect(describePrevious(nothing, { ref: 'HEAD' })).toBe(
    'HEAD: it has no such event in schemas/, so there is nothing to compare with, and all of it is new',
  );
  expect(describePrevious(nothing, 'aws')).toMatch(/^what is deployed: there is no such stack, so there is nothing/);
});

test('describeTable: an event of DuckDB has no statements, and one line says why', () => {
  const table = 'order_created';
  const text = describeTable(undefined, { ...orderContract, warehouse: { target: 'duckdb', table } });
  expect(text).toMatch(/^Table: none on AWS, .*"duckdb", the default.*fills its lake and nothing else$/);
  const redshift = { ...orderContract, warehouse: { target: 'redshift', table } } as const;
  expect(describeTable(undefined, redshift)).toMatch(/^Table, by the loader .*\n[\s\S]*CREATE TABLE/);
  expect(describeTable(redshift, redshift)).toBe('Table: no change');
});

function orders(partitions: number): Planned {
  const app = testApp();
  const contract = contractOf('orders', { topic: { name: 'orders', partitions, retentionHours: 168 } });
  new EventStack(app, contract);
  return { contract, template: maskedTemplate(app, 'Event-orders') as unknown as Template };
}

test('planReport: refuses what cannot be deployed, before it says what it would change', () => {
  const [before, after] = [orders(3), orders(2)];
  const { text, isRefused } = planReport('orders, against HEAD', { before, after }, PLATFORM, LOAD);
  expect(isRefused).toBe(true);
  expect(text.split('\n').slice(0, 4)).toEqual([
    'orders, against HEAD',
    '',
    'This cannot be deployed:',
    expect.stringMatching(/^ {2}schemas\/orders\/event.yaml: topic.partitions cannot go from 3 to 2/),
  ]);
  const other = planReport('orders, against HEAD', { before: after, after: before }, PLATFORM, LOAD);
  expect(other.isRefused).toBe(false);
  expect(other.text).not.toContain('cannot');
  expect(other.text).toContain('PartitionCount: 2 → 3');
});

test('planReport: of a new event everything is added, and costs what it did not', () => {
  const before = { template: undefined, contract: undefined };
  const { text, isRefused } = planReport('orders', { before, after: orders(3) }, PLATFORM, LOAD);
  expect(isRefused).toBe(false);
  expect(text).toMatch(/^Resources of a new stack: \d+ added, 0 changed, 0 removed$/m);
  expect(text).toMatch(/^ingest API +0 +26\.28 +26\.28$/m);
});

test('planReport: what is deployed by a Headrace that cannot be read has no cost to compare with', () => {
  const before = { template: orders(3).template, contract: undefined };
  const { text } = planReport('orders', { before, after: orders(3) }, PLATFORM, LOAD);
  expect(text).toMatch(/^ingest API +– +26\.28 +–$/m);
});
