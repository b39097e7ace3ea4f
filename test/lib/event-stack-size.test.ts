import { SCHEMA_VERSIONS_MAX } from '../../lib/checks/quotas.ts';
import { checkTemplate } from '../../lib/checks/template-checks.ts';
import { EventStack } from '../../lib/event-stack.ts';
import type { CompiledContract, WarehouseTarget } from '../../pipeline/contract/compiled-contract.ts';
import { EVENT_NAME_LENGTH_MAX, eventStackName } from '../../pipeline/contract/names.ts';
import { contractOf, versionOf } from './contract-of.ts';
import { type Template, templateFiles, testApp } from './synthesize.ts';

/** What is promised of an event with one schema version; what further ones add is counted apart. */
const RESOURCES_MAX = 30;
const TEMPLATE_BYTES_MAX = 30_000;
/** Of a further version, beside its text. */
const VERSION_BYTES_MAX = 500;

/** As long as names may be. */
const EVENT = 'e'.repeat(EVENT_NAME_LENGTH_MAX);
const TABLE = 't'.repeat(63);
const TARGETS: readonly WarehouseTarget[] = ['duckdb', 'redshift', 'snowflake', 'athena'];
const TRIGGERS: Record<string, Partial<CompiledContract>> = {
  stream: { freshnessSeconds: 179 },
  'stream with pollers': { freshnessSeconds: 179, sink: { pollersMax: 200 } },
  drain: { freshnessSeconds: 3_600 },
};
const kinds = TARGETS.flatMap((target) => Object.keys(TRIGGERS).map((trigger) => [target, trigger] as const));

function sizeOf(target: WarehouseTarget, trigger: string, versions: number) {
  const app = testApp();
  const more = {
    ...TRIGGERS[trigger],
    owner: 'o'.repeat(256),
    warehouse: { target, table: TABLE },
    versions: Array.from({ length: versions }, (_, index) => versionOf(index + 1)),
  };
  new EventStack(app, contractOf(EVENT, more));
  const text = templateFiles(app)[eventStackName(EVENT)] ?? '';
  const { Resources: resources } = JSON.parse(text) as Template;
  return { text, resources, bytes: Buffer.byteLength(text), count: Object.keys(resources).length };
}

test.each(kinds)('EventStack on %s, a %s, stays within 30 resources and 30 KB', (target, trigger) => {
  const { bytes, count } = sizeOf(target, trigger, 1);
  expect(bytes).toBeLessThanOrEqual(TEMPLATE_BYTES_MAX);
  expect(count).toBeLessThanOrEqual(RESOURCES_MAX);
});

test('EventStack has one resource and little text more for each further schema version', () => {
  const [one, four] = [sizeOf('athena', 'stream', 1), sizeOf('athena', 'stream', 4)];
  const texts = [2, 3, 4].reduce((sum, version) => sum + versionOf(version).definition.length, 0);
  expect(four.count - one.count).toBe(3);
  expect(four.bytes - one.bytes - texts).toBeLessThanOrEqual(3 * VERSION_BYTES_MAX);
});

test.each(Object.keys(TRIGGERS))(
  'EventStack of a %s with as many schema versions as are allowed can be deployed',
  (trigger) => {
    const { text, resources } = sizeOf('athena', trigger, SCHEMA_VERSIONS_MAX);
    expect(checkTemplate(eventStackName(EVENT), { text, resources })).toEqual([]);
    const { Value } = Object.values(resources).find(({ Type }) => Type === 'AWS::SSM::Parameter')?.Properties ?? {};
    expect(JSON.stringify(Value).length).toBeLessThan(4_096);
  },
);
