/** What CloudFormation must be allowed to do to deploy the stacks, and no more: the policies of its execution role. */
import { BOUNDARY } from './deploy-role/boundary.ts';
import { DATA } from './deploy-role/data.ts';
import { FRONT } from './deploy-role/front.ts';
import { FUNCTIONS } from './deploy-role/functions.ts';
import type { Grant } from './deploy-role/grant.ts';
import { NETWORK } from './deploy-role/network.ts';
import { WAREHOUSES } from './deploy-role/warehouses.ts';

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: ReadonlyArray<{
    readonly Sid: string;
    readonly Effect: 'Allow';
    readonly Action: readonly string[];
    readonly Resource: readonly string[];
    readonly Condition?: NonNullable<Grant['conditions']>;
  }>;
}

/** By the name of the file in `docs/deploy-role/`: one managed policy cannot hold all. */
const POLICIES: Readonly<Record<string, readonly Grant[]>> = {
  functions: FUNCTIONS,
  data: DATA,
  front: FRONT,
  network: NETWORK,
  warehouses: WAREHOUSES,
};

/** The policies by name; `npx node bin/deploy-role.ts` writes them into `docs/deploy-role/`. */
export function deployPolicies(): Record<string, PolicyDocument> {
  return Object.fromEntries(Object.entries(POLICIES).map(([name, grants]) => [name, policyOf(grants)]));
}

/** The permissions boundary of every role in the stacks. Not one of the execution role's own policies. */
export const boundaryPolicy = (): PolicyDocument => policyOf(BOUNDARY);

function policyOf(grants: ReadonlyArray<Omit<Grant, 'types'>>): PolicyDocument {
  const Statement = grants.map(({ sid, actions, resources, conditions }) => ({
    ...({ Sid: sid, Effect: 'Allow', Action: actions, Resource: resources } as const),
    ...(conditions && { Condition: conditions }),
  }));
  return { Version: '2012-10-17', Statement };
}

/** The actions for each resource type; a template with a type that is not here cannot be deployed by the policies. */
export function deployableTypes(): ReadonlyMap<string, ReadonlySet<string>> {
  const grants = Object.values(POLICIES).flat();
  const allTypes = new Set(grants.flatMap(({ types }) => types));
  const actionsOf = (type: string) =>
    new Set(grants.filter(({ types }) => types.includes(type)).flatMap(({ actions }) => actions));
  return new Map([...allTypes].map((type) => [type, actionsOf(type)]));
}
