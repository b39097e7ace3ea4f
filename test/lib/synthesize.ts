/** Stacks as templates, made as `cdk synth` makes them, without the validator that only the command line needs. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib/core';

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: string | readonly string[];
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

const { context: featureFlags } = JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: Record<string, unknown> };

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) {
    rmSync(folder, { recursive: true });
  }
});

/** A folder that is deleted after the tests of the file. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-test-'));
  folders.push(folder);
  return folder;
}

/** An app with the flags of `cdk.json`, and its own output folder. */
export function testApp(context: Record<string, unknown> = {}): App {
  return new App({
    outdir: testFolder(),
    context: { ...featureFlags, ...context },
    builtinCloudFormationValidation: false,
    analyticsReporting: false,
  });
}

/** The file that CloudFormation gets, by the stack's name. */
export function templateFiles(app: App): Record<string, string> {
  const { stacks, directory } = app.synth();
  return Object.fromEntries(
    stacks.map(({ stackName, templateFile }) => [stackName, readFileSync(join(directory, templateFile), 'utf8')]),
  );
}

/** One stack's template with the hashes of assets masked: they change with every line of a function's source. */
export function maskedTemplate(app: App, stackName: string): Template {
  const file = templateFiles(app)[stackName] ?? '{}';
  return JSON.parse(file.replaceAll(/[0-9a-f]{64}/g, 'ASSET_HASH')) as Template;
}

/** The resources of a type, as pairs of logical id and resource. */
export const ofType = ({ Resources }: Template, type: string): Array<[string, Resource]> =>
  Object.entries(Resources).filter(([, { Type }]) => Type === type);

/** Of resources that outlive their stack, except when the deployment that makes them fails. */
export const KEPT = { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' } as const;

/** The only resource of a type, or the only one whose logical id starts so. */
export function only(template: Template, type: string, idStart = ''): Resource {
  const [first, ...more] = ofType(template, type).filter(([id]) => id.startsWith(idStart));
  if (first === undefined || more.length > 0) {
    throw new Error(`expected one ${type} ${idStart}, found ${more.length + (first ? 1 : 0)}`);
  }
  return first[1];
}

/** The environment variables of the only function whose logical id starts so. */
export function variablesOf(template: Template, idStart: string): Record<string, unknown> {
  const { Properties } = only(template, 'AWS::Lambda::Function', idStart);
  return (Properties['Environment'] as { Variables: Record<string, unknown> }).Variables;
}
