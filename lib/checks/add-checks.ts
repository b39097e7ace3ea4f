/** What is checked at synthesis. */
import { type App, type IPolicyValidationPlugin, Validations } from 'aws-cdk-lib/core';
import { TemplateValidation } from './template-validation.ts';

/** Adds the checks of every synthesis, and with `-c nag=true` those of cdk-nag, which the pipeline of changes runs. */
export async function addChecks(app: App): Promise<void> {
  // CDK's own declarations do not fit each other under exactOptionalPropertyTypes.
  Validations.of(app).addPlugins(new TemplateValidation() as IPolicyValidationPlugin);
  if (app.node.tryGetContext('nag') !== undefined) {
    const { nagChecks } = await import('./nag-checks.ts');
    Validations.of(app).addPlugins(nagChecks(app));
  }
}
