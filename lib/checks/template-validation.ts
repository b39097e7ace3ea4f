/** What every synthesis checks in the templates that it wrote. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import {
  CloudFormationValidatePlugin,
  type IPolicyValidationContext,
  type PolicyValidationPluginReport,
  type PolicyViolation,
} from 'aws-cdk-lib/core';
import { onePerShape } from './one-per-shape.ts';
import { readTemplate } from './template.ts';
import { checkTemplate } from './template-checks.ts';

const GUARD_RULES = new URL('rules.guard', import.meta.url);

/**
 * CloudFormation's own schemas and rules, this project's Guard rules, and what those cannot say. The rule engine reads one
 * template of each shape: 15 ms each, after a second to start it. Our own checks read all, in a millisecond each: of two
 * templates of one shape one may be too large.
 */
export class TemplateValidation extends CloudFormationValidatePlugin {
  constructor() {
    super({ guardRules: [{ name: 'headrace', content: readFileSync(GUARD_RULES, 'utf8') }] });
  }

  override validate(context: IPolicyValidationContext): PolicyValidationPluginReport {
    const stackTemplates = onePerShape(context.stackTemplates);
    const templatePaths = stackTemplates.map(({ templatePath }) => templatePath);
    const { success, violations } = super.validate({ ...context, stackTemplates, templatePaths });
    const own = context.stackTemplates.flatMap((stack) => ownViolations(stack.templatePath));
    return { success: success && own.length === 0, violations: [...violations, ...own] };
  }
}

function ownViolations(templatePath: string): PolicyViolation[] {
  const findings = checkTemplate(basename(templatePath, '.template.json'), readTemplate(templatePath));
  return findings.map(({ rule, logicalId, message }) => ({
    ruleName: `headrace_${rule}`,
    description: message,
    severity: 'error',
    violatingResources: [{ templatePath, locations: [], ...(logicalId && { resourceLogicalId: logicalId }) }],
  }));
}
