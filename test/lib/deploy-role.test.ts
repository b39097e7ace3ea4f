import { readdirSync, readFileSync } from 'node:fs';
import { STAGES, type StageName } from '../../lib/config.ts';
import { deployableTypes, deployPolicies } from '../../lib/deploy-role.ts';
import { EventStack } from '../../lib/event-stack.ts';
import { PlatformStack } from '../../lib/platform-stack.ts';
import { loadContract } from '../../pipeline/contract/load-contract.ts';
import { maskedTemplate, testApp } from './synthesize.ts';

/** An IAM policy of one's own has at most so many characters without white space. */
const POLICY_CHARACTERS_MAX = 6_144;
/** Not in a template: CloudFormation resolves `Fn::GetStackOutput` by it. */
const OF_CLOUDFORMATION = 'AWS::CloudFormation::Stack';
/** Only in events with more than one schema version. */
const SCHEMA_VERSION = 'AWS::Glue::SchemaVersion';

function deployedTypes(): Set<string> {
  const types = Object.keys(STAGES).flatMap((stage) => {
    const app = testApp({ stage });
    new PlatformStack(app, STAGES[stage as StageName]);
    const contract = loadContract('schemas/order_created');
    new EventStack(app, contract);
    new EventStack(app, { ...contract, event: 'slow', freshnessSeconds: 600 });
    return ['Platform', 'Event-order-created', 'Event-slow'].flatMap((stack) =>
      Object.values(maskedTemplate(app, stack).Resources).map(({ Type }) => Type),
    );
  });
  return new Set(types);
}

test('deployPolicies cover every type of resource that is deployed, in every stage, and none besides', () => {
  const deployed = deployedTypes();
  expect([...deployed].filter((type) => !deployableTypes().has(type))).toEqual([]);
  const surplus = [...deployableTypes()].filter((type) => !deployed.has(type));
  expect(surplus).toEqual(expect.arrayContaining([OF_CLOUDFORMATION]));
  expect(surplus.filter((type) => type !== OF_CLOUDFORMATION && type !== SCHEMA_VERSION)).toEqual([]);
});

test('docs/deploy-role has the policies of today', () => {
  const files = readdirSync('docs/deploy-role').map((file) => [
    file.replace('.json', ''),
    JSON.parse(readFileSync(`docs/deploy-role/${file}`, 'utf8')) as unknown,
  ]);
  expect(Object.fromEntries(files)).toEqual(deployPolicies());
});

const statements = Object.values(deployPolicies()).flatMap(({ Statement }) => Statement);

test('deployPolicies: each fits into a managed policy, and no statement allows a whole service', () => {
  for (const policy of Object.values(deployPolicies())) {
    expect(JSON.stringify(policy).length).toBeLessThanOrEqual(POLICY_CHARACTERS_MAX);
  }
  for (const { Sid, Action } of statements) {
    expect(Sid).toMatch(/^[A-Za-z0-9]+$/);
    expect(Action.filter((action) => action.includes('*'))).toEqual([]);
    expect(new Set(Action).size).toBe(Action.length);
  }
  expect(new Set(statements.map(({ Sid }) => Sid)).size).toBe(statements.length);
});

test('deployPolicies name their resources wherever they have names before they exist', () => {
  const wide = statements.filter(({ Resource }) => Resource.includes('*'));
  expect(wide.map(({ Sid }) => Sid)).toEqual(['EventSourceMappings', 'Keys', 'LogDelivery', 'Network', 'Passwords']);
});

test('docs/deploy.md gives every policy to CloudFormation’s role', () => {
  const guide = readFileSync('docs/deploy.md', 'utf8');
  const loops = [...guide.matchAll(/for name in ([a-z ]+); do/g)].map(([, names]) => names);
  expect(loops).toEqual([Object.keys(deployPolicies()).join(' '), Object.keys(deployPolicies()).join(' ')]);
});
