/** The CDK's cloud assembly (`cdk.out`) as the host reads it. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HostError } from './host-error.ts';

/** A template's JSON; intrinsics are still in it. */
export type TemplateValue =
  | string
  | number
  | boolean
  | null
  | TemplateValue[]
  | { readonly [name: string]: TemplateValue };

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, TemplateValue>>;
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
}

export interface Template {
  readonly Resources?: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, TemplateOutput>>;
  readonly Mappings?: { readonly [name: string]: TemplateValue };
  readonly Conditions?: { readonly [name: string]: TemplateValue };
  readonly Parameters?: Readonly<Record<string, { readonly Type?: string; readonly Default?: TemplateValue }>>;
}

export interface TemplateOutput {
  readonly Value: TemplateValue;
  readonly Condition?: string;
  readonly Export?: { readonly Name: TemplateValue };
}

/** A file or folder that CDK would publish; bucket and key may hold `${AWS::Region}` and the like. */
export interface FileAsset {
  readonly path: string;
  readonly packaging: 'file' | 'zip';
  readonly bucket: string;
  readonly key: string;
}

export interface AssemblyStack {
  readonly name: string;
  readonly template: Template;
  /** Without the template itself, which CDK publishes as an asset too. */
  readonly assets: readonly FileAsset[];
  /** Names of the stacks that CDK would deploy before. */
  readonly dependsOn: readonly string[];
}

interface Manifest {
  readonly artifacts?: Readonly<Record<string, Artifact>>;
}

interface Artifact {
  readonly type: string;
  readonly dependencies?: readonly string[];
  readonly properties?: { readonly templateFile?: string; readonly file?: string; readonly stackName?: string };
}

interface AssetManifest {
  readonly files?: Readonly<
    Record<
      string,
      {
        readonly source: { readonly path?: string; readonly packaging?: string };
        readonly destinations: Readonly<Record<string, { readonly bucketName: string; readonly objectKey: string }>>;
      }
    >
  >;
}

/**
 * The assembly's stacks, each after those it depends on.
 * @throws HostError when the folder is no assembly, is incomplete, or has no stack.
 */
export function readAssembly(assemblyDir: string): AssemblyStack[] {
  const dir = resolve(assemblyDir);
  const { artifacts = {} } = readJson<Manifest>(dir, 'manifest.json');
  const stacks = Object.entries(artifacts).filter(([, artifact]) => artifact.type === 'aws:cloudformation:stack');
  if (Object.values(artifacts).some(({ type }) => type === 'cdk:cloud-assembly')) {
    throw new HostError(`Cannot start "${dir}": it has stages, the laptop host runs apps whose stacks are in none`);
  }
  if (stacks.length === 0) throw new HostError(`Cannot start "${dir}": it holds no stack, run cdk synth again`);
  const read = stacks.map(([id, artifact]) => readStack(dir, id, artifact, artifacts));
  const names = new Map(stacks.map(([id], index) => [id, read[index]?.name ?? id]));
  return inDeploymentOrder(
    read.map((stack) => ({ ...stack, dependsOn: stack.dependsOn.flatMap((id) => names.get(id) ?? []) })),
  );
}

function readStack(
  dir: string,
  id: string,
  artifact: Artifact,
  artifacts: Readonly<Record<string, Artifact>>,
): AssemblyStack {
  const dependsOn = artifact.dependencies ?? [];
  const templateFile = artifact.properties?.templateFile ?? `${id}.template.json`;
  const manifests = dependsOn.flatMap((dependency) => artifacts[dependency]?.properties?.file ?? []);
  return {
    name: artifact.properties?.stackName ?? id,
    template: readJson<Template>(dir, templateFile),
    assets: manifests
      .flatMap((file) => readAssets(dir, file))
      .filter((asset) => asset.path !== join(dir, templateFile)),
    dependsOn,
  };
}

function readAssets(dir: string, file: string): FileAsset[] {
  return Object.values(readJson<AssetManifest>(dir, file).files ?? {}).flatMap(({ source, destinations }) =>
    Object.values(destinations).map(({ bucketName, objectKey }): FileAsset => {
      const path = join(dir, source.path ?? '');
      if (!source.path || !existsSync(path)) throw staleError(dir, source.path ?? file);
      return { path, packaging: source.packaging === 'zip' ? 'zip' : 'file', bucket: bucketName, key: objectKey };
    }),
  );
}

function readJson<Content>(dir: string, file: string): Content {
  let text: string;
  try {
    text = readFileSync(join(dir, file), 'utf8');
  } catch {
    if (file === 'manifest.json') {
      throw new HostError(`Cannot start "${dir}": it has no manifest.json, run cdk synth first`);
    }
    throw staleError(dir, file);
  }
  try {
    return JSON.parse(text) as Content;
  } catch (error) {
    throw new HostError(`Cannot read "${join(dir, file)}": ${String(error)}, run cdk synth again`);
  }
}

function staleError(dir: string, file: string): HostError {
  return new HostError(`Cannot start "${dir}": it is incomplete, "${file}" is missing, run cdk synth again`);
}

function inDeploymentOrder(stacks: readonly AssemblyStack[]): AssemblyStack[] {
  const ordered: AssemblyStack[] = [];
  const place = (stack: AssemblyStack): void => {
    if (ordered.includes(stack)) return;
    for (const name of stack.dependsOn) {
      const dependency = stacks.find((candidate) => candidate.name === name);
      if (dependency !== undefined) place(dependency);
    }
    ordered.push(stack);
  };
  for (const stack of stacks) place(stack);
  return ordered;
}
