import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { AwsSolutionsChecks } from 'cdk-nag';
import { addStacks } from '../../../lib/add-stacks.ts';
import { ACKNOWLEDGED } from '../../../lib/checks/nag-checks.ts';
import { testApp, testFolder } from '../synthesize.ts';
import { copyEvent } from '../templates/copy-event.ts';

const schemas = join(testFolder(), 'schemas');
cpSync('schemas', schemas, { recursive: true, filter: (source) => !source.endsWith('event.schema.json') });
for (const target of ['redshift', 'snowflake', 'athena']) {
  copyEvent(schemas, 'order_created', `order_created_on_${target}`, `warehouse:\n  target: ${target}\n`);
}
const app = testApp({ schemas });
addStacks(app);
const findings = new AwsSolutionsChecks(app).validateScope(app).violations.map(({ ruleName }) => ruleName);

test('everything that cdk-nag finds is acknowledged', () => {
  expect(findings.filter((name) => !ACKNOWLEDGED.some(({ finding }) => finding.test(name)))).toEqual([]);
});

test.each(ACKNOWLEDGED)('an acknowledgement fits something that cdk-nag finds: $finding', ({ finding, reason }) => {
  expect(findings.filter((name) => finding.test(name))).not.toEqual([]);
  expect(reason.length).toBeGreaterThan(20);
});
