/** CloudFormation's intrinsic functions. */

import type { Template, TemplateValue } from '../assembly.ts';
import { ACCOUNT_ID, PARTITION, REGION } from '../aws/account.ts';

/** What a created resource gives to the rest of the template. */
export interface CreatedResource {
  /** What `Ref` returns. */
  readonly ref: string;
  /** What `Fn::GetAtt` returns. */
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface StackScope {
  readonly stackName: string;
  readonly template: Template;
  readonly resources: ReadonlyMap<string, CreatedResource>;
  /** Outputs of the stacks that were deployed before, by stack. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Exported outputs by export name. */
  readonly exports: ReadonlyMap<string, string>;
}

type ObjectValue = { readonly [name: string]: TemplateValue };

/** What is left when a property is `AWS::NoValue`: it disappears from its object or list. */
const NO_VALUE = Symbol('AWS::NoValue');
type Resolved = unknown;

/**
 * The value with every intrinsic replaced: plain JSON.
 * @throws Error that says which function or reference the host cannot resolve; the caller names stack and resource.
 */
export function resolve(value: TemplateValue, scope: StackScope): Resolved {
  const resolved = resolveValue(value, scope);
  return resolved === NO_VALUE ? undefined : resolved;
}

/** Logical ids that the value refers to, and so must exist before it can be resolved. */
export function references(value: TemplateValue): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, argument]) => {
    if (name === 'Ref') return [String(argument)];
    if (name === 'Fn::GetAtt') return [getAttParts(argument)[0]];
    if (name === 'Fn::Sub') return subReferences(argument);
    return references(argument);
  });
}

function resolveValue(value: TemplateValue, scope: StackScope): Resolved | typeof NO_VALUE {
  if (Array.isArray(value)) {
    return value.map((item) => resolveValue(item, scope)).filter((item) => item !== NO_VALUE);
  }
  if (typeof value !== 'object' || value === null) return value;
  const [only, ...others] = Object.keys(value);
  if (
    only !== undefined &&
    others.length === 0 &&
    (only === 'Ref' || only.startsWith('Fn::') || only === 'Condition')
  ) {
    return callFunction(only, value[only] ?? null, scope);
  }
  const entries = Object.entries(value).map(([name, item]) => [name, resolveValue(item, scope)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== NO_VALUE));
}

function callFunction(name: string, argument: TemplateValue, scope: StackScope): Resolved | typeof NO_VALUE {
  if (name === 'Ref') return reference(String(argument), scope);
  if (name === 'Fn::GetAtt') return attribute(getAttParts(argument), scope);
  if (name === 'Fn::Sub') return substitute(argument, scope);
  if (name === 'Fn::If') return ifElse(argument, scope);
  if (name === 'Condition') return condition(String(argument), scope);
  const call = FUNCTIONS[name];
  if (call === undefined) throw new Error(`the laptop host does not know the function ${name}`);
  return call(resolveValue(argument, scope), scope);
}

/** Functions of resolved arguments. CloudFormation has checked their forms at synth. */
const FUNCTIONS: Readonly<Record<string, (argument: unknown, scope: StackScope) => unknown>> = {
  'Fn::Join': (argument) => {
    const [delimiter, parts] = argument as [string, unknown[]];
    return parts.join(delimiter);
  },
  'Fn::Split': (argument) => {
    const [delimiter, text] = argument as [string, string];
    return text.split(delimiter);
  },
  'Fn::Select': (argument) => {
    const [index, list] = argument as [number | string, unknown[]];
    const item = list[Number(index)];
    if (item === undefined) throw new Error(`Fn::Select ${index} is beyond a list of ${list.length}`);
    return item;
  },
  'Fn::Base64': (argument) => Buffer.from(String(argument)).toString('base64'),
  'Fn::GetAZs': () => ['a', 'b', 'c'].map((zone) => REGION + zone),
  'Fn::FindInMap': (argument, { template }) => {
    const path = argument as string[];
    let value: TemplateValue | undefined = template.Mappings ?? {};
    for (const name of path) value = (value as ObjectValue | undefined)?.[name];
    if (value === undefined) throw new Error(`Fn::FindInMap finds no ${path.join('.')}`);
    return value;
  },
  'Fn::ImportValue': (argument, { exports }) => {
    const value = exports.get(String(argument));
    if (value === undefined) throw new Error(`no stack before it exports "${argument}"`);
    return value;
  },
  // Fn.getStackOutput: a weak reference, which CloudFormation resolves when it deploys.
  'Fn::GetStackOutput': (argument, { outputs }) => {
    const { StackName, OutputName } = argument as { StackName: string; OutputName: string };
    const value = outputs[StackName]?.[OutputName];
    if (value === undefined) {
      throw new Error(`it reads the output ${OutputName} of the stack ${StackName}, which is not in the assembly`);
    }
    return value;
  },
  'Fn::Equals': (argument) => {
    const [left, right] = argument as [unknown, unknown];
    return String(left) === String(right);
  },
  'Fn::And': (argument) => (argument as boolean[]).every(Boolean),
  'Fn::Or': (argument) => (argument as boolean[]).some(Boolean),
  'Fn::Not': (argument) => !(argument as boolean[])[0],
};

function reference(name: string, scope: StackScope): string | typeof NO_VALUE {
  const resource = scope.resources.get(name);
  if (resource !== undefined) return resource.ref;
  switch (name) {
    case 'AWS::NoValue':
      return NO_VALUE;
    case 'AWS::Region':
      return REGION;
    case 'AWS::AccountId':
      return ACCOUNT_ID;
    case 'AWS::Partition':
      return PARTITION;
    case 'AWS::URLSuffix':
      return 'amazonaws.com';
    case 'AWS::StackName':
      return scope.stackName;
    case 'AWS::StackId':
      return `arn:${PARTITION}:cloudformation:${REGION}:${ACCOUNT_ID}:stack/${scope.stackName}/laptop`;
  }
  const parameter = scope.template.Parameters?.[name];
  if (parameter?.Type?.startsWith('AWS::SSM::')) {
    throw new Error(`it refers to the parameter "${name}", whose value CloudFormation reads from SSM at deployment`);
  }
  const value = parameter?.Default;
  if (value === undefined)
    throw new Error(`it refers to "${name}", which is no resource and no parameter with a default`);
  return String(value);
}

function attribute([logicalId, name]: readonly [string, string], scope: StackScope): string {
  const value = scope.resources.get(logicalId)?.attributes?.[name];
  if (value === undefined) throw new Error(`it reads ${logicalId}.${name}, which the laptop host does not provide`);
  return value;
}

/** Both forms: `["Queue", "Arn"]` and `"Queue.Arn"`; an attribute's name may have dots of its own. */
function getAttParts(argument: TemplateValue): readonly [string, string] {
  const [logicalId = '', ...name] = Array.isArray(argument) ? argument.map(String) : String(argument).split('.');
  return [logicalId, name.join('.')];
}

const SUB_VARIABLE = /\$\{([^!}][^}]*)\}/g;

function substitute(argument: TemplateValue, scope: StackScope): string {
  const [text, variables] = subParts(argument);
  const replace = (name: string): string => {
    const variable = variables[name];
    if (variable !== undefined) return String(resolveValue(variable, scope));
    return name.includes('.') ? attribute(getAttParts(name), scope) : String(reference(name, scope));
  };
  return text.replace(SUB_VARIABLE, (_, name: string) => replace(name.trim())).replaceAll('${!', '${');
}

function subReferences(argument: TemplateValue): string[] {
  const [text, variables] = subParts(argument);
  const names = [...text.matchAll(SUB_VARIABLE)].map(([, name = '']) => name.trim());
  const own = names.filter((name) => variables[name] === undefined).map((name) => getAttParts(name)[0]);
  return [...own, ...references(variables)];
}

function subParts(argument: TemplateValue): readonly [string, ObjectValue] {
  const [text, variables] = Array.isArray(argument) ? argument : [argument];
  return [String(text), (variables ?? {}) as ObjectValue];
}

/** Only the branch that is taken is resolved. */
function ifElse(argument: TemplateValue, scope: StackScope): Resolved | typeof NO_VALUE {
  const [name, whenTrue, whenFalse] = argument as [string, TemplateValue, TemplateValue];
  return resolveValue(condition(name, scope) ? whenTrue : whenFalse, scope);
}

/** @throws Error when the template has no such condition. */
export function condition(name: string, scope: StackScope): boolean {
  const rule = scope.template.Conditions?.[name];
  if (rule === undefined) throw new Error(`the template has no condition "${name}"`);
  return resolveValue(rule, scope) === true;
}
