/** The CDK app: `cdk synth` runs it. */
import { enableCompileCache } from 'node:module';

// Before anything else is loaded: Node then erases types and compiles once for each source, not at every synthesis.
enableCompileCache();
const { App } = await import('aws-cdk-lib/core');
const { addStacks } = await import('../lib/add-stacks.ts');
const { addChecks } = await import('../lib/checks/add-checks.ts');
const { ContractError } = await import('../pipeline/contract/contract-error.ts');

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
