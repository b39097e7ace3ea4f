/** `npx node bin/deploy-role.ts && npx biome format --write docs/deploy-role`: the policies of CloudFormation's role, and the boundary. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { boundaryPolicy, deployPolicies } from '../lib/deploy-role.ts';

const FOLDER = 'docs/deploy-role';

mkdirSync(FOLDER, { recursive: true });
for (const [name, policy] of Object.entries({ ...deployPolicies(), boundary: boundaryPolicy() })) {
  writeFileSync(`${FOLDER}/${name}.json`, JSON.stringify(policy, undefined, 2));
}
