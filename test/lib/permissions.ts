/** What a template allows, in a form that reads like ARNs. */
import { ofType, type Template } from './synthesize.ts';

/** One action that is allowed on one resource. */
export interface Grant {
  /** The logical id of what carries the policy. */
  readonly holder: string;
  readonly action: string;
  readonly resource: string;
}

interface PolicyStatement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

/** Every action that a role's or a resource's own policy allows. Fails on policies that it could not look into. */
export function grantsOf(template: Template): Grant[] {
  const known = [
    'AWS::IAM::Role',
    'AWS::IAM::Policy',
    'AWS::KMS::Key',
    'AWS::SNS::TopicPolicy',
    'AWS::SQS::QueuePolicy',
    'AWS::S3::BucketPolicy',
    'AWS::EC2::VPCEndpoint',
  ];
  const unseen = Object.values(template.Resources).filter(
    ({ Type, Properties }) =>
      !known.includes(Type) && (/::(Managed)?Policy$/.test(Type) || 'PolicyDocument' in Properties),
  );
  const managed = ofType(template, 'AWS::IAM::Role').filter(([, { Properties }]) => Properties['ManagedPolicyArns']);
  if (unseen.length > 0 || managed.length > 0) {
    throw new Error(`policies of unknown form: ${[...unseen, ...managed].map((found) => JSON.stringify(found))}`);
  }
  return known.flatMap((type) =>
    ofType(template, type).flatMap(([holder, { Properties }]) =>
      documentsOf(Properties).flatMap(({ Statement }) => Statement.flatMap((one) => grants(holder, one))),
    ),
  );
}

/** What is allowed on more than one named resource, as sentences; logical ids without their hashes. */
export function wildcardsOf(template: Template): string[] {
  const wide = grantsOf(template).filter(({ action, resource }) => action.includes('*') || resource.includes('*'));
  const sentences = wide.map(({ holder, action, resource }) => `${holder} may ${action} on ${resource}`);
  return sentences.map((sentence) => sentence.replaceAll(/(?<=\w)[0-9A-F]{8}\b/g, '')).sort();
}

function documentsOf(properties: Record<string, unknown>): Array<{ Statement: PolicyStatement[] }> {
  const inline = (properties['Policies'] ?? []) as Array<{ PolicyDocument: { Statement: PolicyStatement[] } }>;
  const own = (properties['PolicyDocument'] ?? properties['KeyPolicy']) as { Statement: PolicyStatement[] } | undefined;
  return [...inline.map(({ PolicyDocument }) => PolicyDocument), ...(own ? [own] : [])];
}

function grants(holder: string, { Effect, Action, Resource }: PolicyStatement): Grant[] {
  return Effect !== 'Allow'
    ? []
    : [Action]
        .flat()
        .flatMap((action) => [Resource].flat().map((resource) => ({ holder, action, resource: arn(resource) })));
}

/** A value of a template as text: references in angle brackets, everything else as written. */
function arn(value: unknown): string {
  if (typeof value !== 'object' || value === null) {
    return String(value);
  }
  const [[name, argument] = ['', undefined]] = Object.entries(value);
  switch (name) {
    case 'Ref':
      return `<${argument}>`;
    case 'Fn::GetAtt':
      return `<${(argument as string[]).join('.')}>`;
    case 'Fn::GetStackOutput':
      return `<${Object.values(argument as object).join('.')}>`;
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map(arn).join(separator);
    }
    case 'Fn::Split': {
      const [separator, whole] = argument as [string, unknown];
      return `${arn(whole)} split at ${separator}`;
    }
    case 'Fn::Select': {
      const [index, list] = argument as [number, unknown];
      return `{part ${index} of ${arn(list)}}`;
    }
    case 'Fn::Sub':
      return String(argument);
    default:
      throw new Error(`cannot read the resource ${JSON.stringify(value)}`);
  }
}
