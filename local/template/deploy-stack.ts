/** Deploys one stack: its resources in the order of their dependencies, then its outputs. */
import type { Template, TemplateResource } from '../assembly.ts';
import { HostError } from '../host-error.ts';
import type { Deployment } from '../resources/deployment.ts';
import { resourceKind } from '../resources/resource-types.ts';
import { type CreatedResource, condition, references, resolve, type StackScope } from './intrinsics.ts';

/** What stacks give to those deployed after them. */
export interface StackValues {
  readonly outputs: Record<string, Record<string, string>>;
  readonly exports: Map<string, string>;
}

/**
 * Adds the stack's outputs to `values`.
 * @throws HostError that names stack, logical id and type of the resource that the host cannot run.
 */
export async function deployStack(
  stackName: string,
  template: Template,
  values: StackValues,
  deployment: Deployment,
): Promise<void> {
  const resources = new Map<string, CreatedResource>();
  const scope: StackScope = { stackName, template, resources, ...values };
  for (const [logicalId, resource] of inDependencyOrder(template.Resources ?? {})) {
    try {
      if (resource.Condition !== undefined && !condition(resource.Condition, scope)) continue;
      resources.set(logicalId, await createResource(logicalId, resource, scope, deployment));
    } catch (error) {
      if (error instanceof HostError) throw error;
      const reason = (error as Error).message;
      throw new HostError(`Cannot run "${stackName}/${logicalId}" (${resource.Type}): ${reason}`, {
        cause: error,
      });
    }
  }
  values.outputs[stackName] = resolveOutputs(scope, values.exports);
}

async function createResource(
  logicalId: string,
  { Type: type, Properties = {} }: TemplateResource,
  scope: StackScope,
  deployment: Deployment,
): Promise<CreatedResource> {
  const kind = resourceKind(type);
  if (kind === 'unknown') throw new Error('the laptop host does not know this type of resource');
  if (kind === 'nothing to run') return placeholder(scope.stackName, logicalId);
  const properties = resolve({ ...Properties }, scope) as Readonly<Record<string, unknown>>;
  return kind.create({ stackName: scope.stackName, logicalId, type, properties }, deployment);
}

/** Other resources may refer to what does not run: any attribute of it is a text that says so. */
function placeholder(stackName: string, logicalId: string): CreatedResource {
  const ref = `${stackName}-${logicalId}`;
  return { ref, attributes: new Proxy({}, { get: (_, name) => `${ref}.${String(name)}` }) };
}

function resolveOutputs(scope: StackScope, exports: Map<string, string>): Record<string, string> {
  const outputs: Record<string, string> = {};
  for (const [id, output] of Object.entries(scope.template.Outputs ?? {})) {
    if (output.Condition !== undefined && !condition(output.Condition, scope)) continue;
    try {
      outputs[id] = String(resolve(output.Value, scope));
      if (output.Export !== undefined) exports.set(String(resolve(output.Export.Name, scope)), outputs[id]);
    } catch (error) {
      const reason = (error as Error).message;
      throw new HostError(`Cannot resolve the output "${scope.stackName}/${id}": ${reason}`);
    }
  }
  return outputs;
}

function inDependencyOrder(resources: Readonly<Record<string, TemplateResource>>): [string, TemplateResource][] {
  const ordered = new Map<string, TemplateResource>();
  const visited = new Set<string>();
  const place = (logicalId: string): void => {
    const resource = resources[logicalId];
    if (resource === undefined || visited.has(logicalId)) return;
    visited.add(logicalId);
    const explicit = resource.DependsOn ?? [];
    const dependencies = [
      ...references({ ...resource.Properties }),
      ...(Array.isArray(explicit) ? explicit : [explicit]),
    ];
    for (const dependency of dependencies) place(dependency);
    ordered.set(logicalId, resource);
  };
  for (const logicalId of Object.keys(resources)) place(logicalId);
  return [...ordered];
}
