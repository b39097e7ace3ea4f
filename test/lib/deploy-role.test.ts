import { readdirSync, readFileSync } from 'node:fs';
import { STAGES, type StageName } from '../../lib/config.ts';
import { boundaryPolicy, deployableTypes, deployPolicies } from '../../lib/deploy-role.ts';
import { EventStack } from '../../lib/event-stack.ts';
import { PlatformStack } from '../../lib/platform-stack.ts';
import { contractOf, versionOf } from './contract-of.ts';
import { grantsOf } from './permissions.ts';
import { maskedTemplate, type Resource, type Template, testApp } from './synthesize.ts';
import { BESIDE_HANDLERS, UNUSED_PROPERTIES, WITHHELD } from './unused-properties.ts';

/** An IAM policy of one's own has at most so many characters without white space. */
const POLICY_CHARACTERS_MAX = 6_144;
/** Not in a template: CloudFormation resolves `Fn::GetStackOutput` by it, and reads the version of the bootstrap. */
const OF_CLOUDFORMATION = 'AWS::CloudFormation::Stack';
const { permissions: HANDLERS } = JSON.parse(readFileSync('test/lib/handler-permissions.json', 'utf8')) as {
  permissions: Readonly<Record<string, readonly string[]>>;
};

/** Every kind of template that there is: by stage, and of events by trigger, versions and warehouse. */
function everyTemplate(): Array<{ stack: string; template: Template }> {
  return Object.keys(STAGES).flatMap((stage) => {
    const app = testApp({ stage });
    new PlatformStack(app, STAGES[stage as StageName]);
    const targets = (['redshift', 'snowflake', 'athena'] as const).map((target) =>
      contractOf(target, { warehouse: { target, table: target } }),
    );
    const contracts = [
      ...targets,
      contractOf('quick', { versions: [versionOf(1), versionOf(2)], sink: { pollersMax: 2 } }),
      contractOf('slow', { freshnessSeconds: 600 }),
    ];
    for (const contract of contracts) {
      new EventStack(app, contract);
    }
    const stacks = ['Platform', ...contracts.map(({ event }) => `Event-${event}`)];
    return stacks.map((stack) => ({ stack, template: maskedTemplate(app, stack) }));
  });
}

const templates = everyTemplate();
const resources: readonly Resource[] = templates.flatMap(({ template }) => Object.values(template.Resources));
const deployed = new Set(resources.map(({ Type }) => Type));

/** The paths of a resource's properties, as in `Code.S3Key`; the parts of a list have the list's path. */
function paths(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) {
    return [path, ...value.flatMap((part) => paths(part, path))];
  }
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [path, ...inner.flatMap(([name, part]) => paths(part, path === '' ? name : `${path}.${name}`))];
}

/** What the handlers of a type may call for our templates. */
function neededFor(type: string): string[] {
  const unused = Object.values(UNUSED_PROPERTIES[type] ?? {}).flatMap((actions) => actions.split(' '));
  return (HANDLERS[type] ?? []).filter((action) => !unused.includes(action) && WITHHELD[action] === undefined);
}

/** IAM does not mind the case. */
const among = (actions: Iterable<string>, action: string): boolean =>
  [...actions].some((other) => other.toLowerCase() === action.toLowerCase());

test('deployPolicies cover every type of resource that is deployed, in every stage, and none besides', () => {
  expect([...deployableTypes().keys()].sort()).toEqual([...deployed, OF_CLOUDFORMATION].sort());
});

test('deployPolicies allow what the handlers of each type call for the properties that are used', () => {
  const missing = [...deployed].flatMap((type) =>
    neededFor(type)
      .filter((action) => !among(deployableTypes().get(type) ?? [], action))
      .map((action) => `${type}: ${action}`),
  );
  expect(missing).toEqual([]);
  const unknown = [...deployed].filter((type) => HANDLERS[type] === undefined);
  expect(unknown).toEqual(['Custom::BootstrapBrokers']);
});

test('deployPolicies allow nothing else: every action is a handler’s, or has a reason of its own', () => {
  const grants = [...deployableTypes()].map(([type, actions]) => ({ actions, handler: HANDLERS[type] ?? [] }));
  const every = new Set(grants.flatMap(({ actions }) => [...actions]));
  const beside = [...every].filter((action) => {
    const granted = grants.filter(({ actions }) => actions.has(action));
    return !granted.some(({ handler }) => among(handler, action));
  });
  expect(beside.sort()).toEqual(Object.keys(BESIDE_HANDLERS).sort());
  expect(Object.keys(WITHHELD).filter((action) => every.has(action))).toEqual([]);
});

test('what a template does not use, it does not set, and a handler would call', () => {
  for (const [type, properties] of Object.entries(UNUSED_PROPERTIES)) {
    const used = new Set(resources.filter(({ Type }) => Type === type).flatMap(({ Properties }) => paths(Properties)));
    expect(Object.keys(properties).filter((path) => used.has(path))).toEqual([]);
    const excused = Object.values(properties).flatMap((actions) => actions.split(' '));
    expect(excused.filter((action) => !HANDLERS[type]?.includes(action))).toEqual([]);
  }
});

test('docs/deploy-role has the policies of today', () => {
  const files = readdirSync('docs/deploy-role').map((file) => [
    file.replace('.json', ''),
    JSON.parse(readFileSync(`docs/deploy-role/${file}`, 'utf8')) as unknown,
  ]);
  expect(Object.fromEntries(files)).toEqual({ ...deployPolicies(), boundary: boundaryPolicy() });
});

const statements = Object.values(deployPolicies()).flatMap(({ Statement }) => Statement);

test('deployPolicies: each fits into a managed policy, and no statement allows a whole service', () => {
  for (const policy of [...Object.values(deployPolicies()), boundaryPolicy()]) {
    expect(JSON.stringify(policy).length).toBeLessThanOrEqual(POLICY_CHARACTERS_MAX);
  }
  for (const { Sid, Action } of [...statements, ...boundaryPolicy().Statement]) {
    expect(Sid).toMatch(/^[A-Za-z0-9]+$/);
    expect(Action.filter((action) => action.includes('*'))).toEqual([]);
    expect(new Set(Action).size).toBe(Action.length);
  }
  expect(new Set(statements.map(({ Sid }) => Sid)).size).toBe(statements.length);
});

test('deployPolicies name their resources wherever they have names before they exist, or ask for more', () => {
  const wide = statements.filter(({ Resource }) => Resource.includes('*'));
  const [bound, free] = [wide.filter(({ Condition }) => Condition), wide.filter(({ Condition }) => !Condition)];
  expect(bound.map(({ Sid, Condition }) => [Sid, Condition])).toEqual([
    ['EventSourceMappings', { ArnLike: { 'lambda:FunctionArn': expect.arrayContaining([expect.any(String)]) } }],
    ['KeysOfOurs', { StringEquals: { 'aws:ResourceTag/headrace:key': 'kafka' } }],
    ['NetworkOfOurs', { StringEquals: { 'aws:ResourceTag/aws:cloudformation:stack-name': 'Platform' } }],
  ]);
  expect(free.map(({ Sid }) => Sid)).toEqual([
    ...['Keys', 'LogDelivery', 'NetworkRead', 'Network', 'RedshiftResourcePolicy', 'DatabaseOfLakeFormation'],
    'Passwords',
  ]);
});

test('deployPolicies make no role without the boundary, and never take it away or change it', () => {
  const boundary = { StringLike: { 'iam:PermissionsBoundary': 'arn:aws:iam::*:policy/headrace-boundary' } };
  for (const action of ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:PutRolePermissionsBoundary']) {
    const ofStacks = statements.filter(
      ({ Action, Resource }) => Action.includes(action) && !Resource.every((arn) => arn.includes('aws-service-role')),
    );
    expect(ofStacks.map(({ Condition }) => Condition)).toEqual([boundary]);
  }
  const all = statements.flatMap(({ Action }) => Action);
  expect(all.filter((action) => /iam:.*(User|Group|PolicyVersion|CreatePolicy)/.test(action))).toEqual([]);
  const roles = resources.filter(({ Type }) => Type === 'AWS::IAM::Role');
  const bounds = new Set(roles.map(({ Properties }) => JSON.stringify(Properties['PermissionsBoundary'])));
  expect([...bounds]).toEqual([expect.stringContaining(':policy/headrace-boundary')]);
});

/** What CloudFormation and the services will make of a resource's ARN. */
const ARNS: Readonly<Record<string, (name: string) => string>> = {
  'AWS::Lambda::Function': (name) => `arn:aws:lambda:r:1:function:${name}`,
  'AWS::Logs::LogGroup': (name) => `arn:aws:logs:r:1:log-group:${name}:*`,
  'AWS::MSK::Cluster': () => 'arn:aws:kafka:r:1:cluster/headrace/u',
  'AWS::S3::Bucket': (name) => `arn:aws:s3:::${name.toLowerCase()}`,
  'AWS::SQS::Queue': (name) => `arn:aws:sqs:r:1:${name}`,
};
const OUTPUTS: Readonly<Record<string, string>> = {
  ClusterArn: 'arn:aws:kafka:r:1:cluster/headrace/u',
  TopicArnPrefix: 'arn:aws:kafka:r:1:topic/headrace/u',
  ConsumerGroupArnPrefix: 'arn:aws:kafka:r:1:group/headrace/u',
  RedshiftWorkgroupArn: 'arn:aws:redshift-serverless:r:1:workgroup/u',
  RedshiftSecretArn: 'arn:aws:secretsmanager:r:1:secret:WarehousesRedshiftUser-u',
  SnowflakeSecretArn: 'arn:aws:secretsmanager:r:1:secret:WarehousesSnowflakeKey-u',
  WarehouseBucketName: 'platform-warehousesbucket-u',
};
const PSEUDO: Readonly<Record<string, string>> = { Partition: 'aws', Region: 'r', AccountId: '1' };

/** The ARN behind a resource as `grantsOf` writes it. */
function deployedArn(resource: string, stack: string, template: Template): string {
  return resource
    .replaceAll(/\{part 0 of (.*?) split at :cluster\/\}:topic\/\{part 1 of .*? split at :cluster\/\}/g, '$1')
    .replaceAll(/<AWS::(\w+)>/g, (_, name) => PSEUDO[name] ?? '')
    .replaceAll(/\$\{AWS::(\w+)\}/g, (_, name) => PSEUDO[name] ?? '')
    .replaceAll(/<Platform\.(\w+)>|<(\w+)\.Platform>/g, (_, one, other) => OUTPUTS[one ?? other] ?? '')
    .replaceAll(/<(\w+)\.Arn>/g, (_, id) => ARNS[template.Resources[id]?.Type ?? '']?.(`${stack}-${id}-x`) ?? '')
    .replace(/^(arn:aws:kafka:r:1:)cluster(\/headrace\/u\/)/, '$1topic$2');
}

/** Whether what the resource stands for, patterns included, lies within the pattern. */
const within = (pattern: string, resource: string): boolean =>
  new RegExp(`^${pattern.replaceAll(/[.+?^$()[\]\\|{}]/g, '\\$&').replaceAll('*', '.*')}$`).test(resource);

test('the boundary takes in what every role in every template may do', () => {
  const bounds = boundaryPolicy().Statement;
  // Lakes let in the warehouses' reader, a role too.
  const holders = ['AWS::IAM::Role', 'AWS::IAM::Policy', 'AWS::S3::BucketPolicy'];
  const grants = templates.flatMap(({ stack, template }) =>
    grantsOf(template)
      .filter(({ holder }) => holders.includes(template.Resources[holder]?.Type ?? ''))
      .map(({ action, resource }) => ({ action, arn: deployedArn(resource, stack, template) })),
  );
  const beyond = grants.filter(
    ({ action, arn }) =>
      !bounds.some(({ Action, Resource }) => Action.includes(action) && Resource.some((bound) => within(bound, arn))),
  );
  expect(new Set(beyond.map(({ action, arn }) => `${action} on ${arn}`))).toEqual(new Set());
  expect(bounds.flatMap(({ Action }) => Action).filter((action) => /^(iam|sts|kms):/.test(action))).toEqual([]);
});

test('docs/deploy.md gives every policy to CloudFormation’s role, and makes the boundary', () => {
  const guide = readFileSync('docs/deploy.md', 'utf8');
  const loops = [...guide.matchAll(/for name in ([a-z ]+); do/g)].map(([, names]) => names);
  const names = Object.keys(deployPolicies()).join(' ');
  expect(loops).toEqual([names, names]);
  expect(guide).toContain('--policy-name headrace-boundary --policy-document file://docs/deploy-role/boundary.json');
});
