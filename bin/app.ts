/** The CDK app: `cdk synth` runs it. */
import { App } from 'aws-cdk-lib/core';
import { addStacks } from '../lib/add-stacks.ts';
import { ContractError } from '../pipeline/contract/contract-error.ts';

try {
  const app = new App();
  addStacks(app);
  app.synth();
} catch (error) {
  if (!(error instanceof ContractError)) {
    throw error;
  }
  console.error(error.message);
  process.exit(1);
}
