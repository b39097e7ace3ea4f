// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation's placeholders, in plain text.
/** Small cloud assemblies, written as `cdk synth` writes them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Template } from '../../local/assembly.ts';

export interface FixtureStack {
  readonly template: Template;
  /** Sources of handlers by function name: each becomes a code asset `<name>.zip`. */
  readonly handlers?: Readonly<Record<string, string>>;
  /** Contents of file assets by key. */
  readonly files?: Readonly<Record<string, string>>;
  readonly dependsOn?: readonly string[];
}

const ASSET_BUCKET = 'assets-${AWS::AccountId}-${AWS::Region}';

/** @returns the folder of the assembly. */
export function writeAssembly(stacks: Readonly<Record<string, FixtureStack>>): string {
  const dir = temporaryFolder();
  const artifacts: Record<string, unknown> = {};
  for (const [name, { template, handlers = {}, files = {}, dependsOn = [] }] of Object.entries(stacks)) {
    const assets: Record<string, unknown> = {};
    const addAsset = (path: string, packaging: string, objectKey: string): void => {
      assets[path] = { source: { path, packaging }, destinations: { here: { bucketName: ASSET_BUCKET, objectKey } } };
    };
    for (const [handler, source] of Object.entries(handlers)) {
      mkdirSync(join(dir, `asset.${handler}`));
      writeFileSync(join(dir, `asset.${handler}`, 'index.mjs'), source);
      addAsset(`asset.${handler}`, 'zip', `${handler}.zip`);
    }
    for (const [key, content] of Object.entries(files)) {
      writeFileSync(join(dir, `asset.${key}`), content);
      addAsset(`asset.${key}`, 'file', key);
    }
    writeFileSync(join(dir, `${name}.template.json`), JSON.stringify(template));
    addAsset(`${name}.template.json`, 'file', `${name}.json`);
    writeFileSync(join(dir, `${name}.assets.json`), JSON.stringify({ version: '55.0.0', files: assets }));
    artifacts[`${name}.assets`] = { type: 'cdk:asset-manifest', properties: { file: `${name}.assets.json` } };
    artifacts[name] = {
      type: 'aws:cloudformation:stack',
      properties: { templateFile: `${name}.template.json` },
      dependencies: [...dependsOn, `${name}.assets`],
    };
  }
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify({ version: '55.0.0', artifacts }));
  return dir;
}

/** A function resource over the handler asset of the same name. */
export function functionResource(handler: string, properties: Template['Mappings'] = {}): TemplateFunction {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Code: { S3Bucket: { 'Fn::Sub': ASSET_BUCKET }, S3Key: `${handler}.zip` },
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Timeout: 30,
      Role: 'arn:aws:iam::000000000000:role/any',
      ...properties,
    },
  };
}

type TemplateFunction = NonNullable<Template['Resources']>[string];

const temporaryFolders: string[] = [];

/** Removed after the last test of the file, before the file's own `afterAll`. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-local-'));
  temporaryFolders.push(folder);
  return folder;
}

afterAll(() => {
  for (const folder of temporaryFolders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
