/** The CDK app: `cdk synth` runs it. */
import { App } from 'aws-cdk-lib/core';
import { addStacks } from '../lib/add-stacks.ts';
import { addChecks } from '../lib/checks/add-checks.ts';
import { ContractError } from '../pipeline/contract/contract-error.ts';

try {
  // Neither is read by anything here, and both take a second in a synthesis of two hundred events.
  const app = new App({ stackTraces: false, treeMetadata: false });
  await addChecks(app);
  addStacks(app);
  app.synth();
} catch (error) {
  if (!(error instanceof ContractError)) {
    throw error;
  }
  console.error(error.message);
  process.exit(1);
}
