/** Some actions that resources of some types need, and how they are written down. */
import { eventStackName, PLATFORM_STACK } from '../../pipeline/contract/names.ts';

export interface Grant {
  readonly sid: string;
  /** The resource types whose creation, update, deletion or reading takes these actions. */
  readonly types: readonly string[];
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** `lambda:A` and `lambda:B` from `lambda` and `A B`. */
export const actions = (service: string, names: string): string[] =>
  names
    .trim()
    .split(/\s+/)
    .map((name) => `${service}:${name}`);

export const types = (service: string, kinds: string): string[] =>
  kinds.split(' ').map((kind) => `AWS::${service}::${kind}`);

export const arn = (service: string, resource: string): string => `arn:aws:${service}:*:*:${resource}`;

const STACKS = [`${PLATFORM_STACK}-`, eventStackName('')];

/** Names that CloudFormation makes begin with their stack's. */
export const ofStacks = (service: string, prefix = ''): string[] =>
  STACKS.map((stack) => arn(service, `${prefix}${stack}*`));

/** Likewise; IAM has no regions. */
export const ROLES_OF_STACKS = STACKS.map((stack) => `arn:aws:iam::*:role/${stack}*`);

/** Likewise; bucket names are in lower case. */
export const BUCKETS_OF_STACKS = STACKS.map((stack) => `arn:aws:s3:::${stack.toLowerCase()}*`);
