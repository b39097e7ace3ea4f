/** What the app consists of: the platform, and a stack for each event. */
import { basename } from 'node:path';
import type { App } from 'aws-cdk-lib/core';
import { checkTables } from '../pipeline/contract/check-tables.ts';
import type { CompiledContract } from '../pipeline/contract/compiled-contract.ts';
import { ContractError } from '../pipeline/contract/contract-error.ts';
import { eventFolders, loadContract } from '../pipeline/contract/load-contract.ts';
import { checkEventQuotas, checkStageQuotas } from './checks/quotas.ts';
import { EventStack } from './event-stack.ts';
import { PlatformStack } from './platform-stack.ts';
import { stageOf } from './stage.ts';

/**
 * Adds the stacks that the context asks for.
 * `-c schemas=<folder>` says where the events are. @default `schemas` in the working directory
 * `-c event=<name>` adds that event alone, and its template has the same bytes as among all.
 * `-c stage=<name>` says which stage it is. @default production
 * @throws ContractError when a contract cannot be compiled or exceeds a quota, or there is no event or stage of that
 * name.
 */
export function addStacks(app: App): void {
  const schemas: string = app.node.tryGetContext('schemas') ?? 'schemas';
  const only: string | undefined = app.node.tryGetContext('event');
  const stage = stageOf(app);
  const folders = eventFolders(schemas);
  if (only !== undefined) {
    new EventStack(app, loadChecked(folderOf(only, folders, schemas)));
    return;
  }
  const contracts = folders.map(loadChecked);
  checkTables(schemas, contracts);
  checkStageQuotas(schemas, contracts, stage);
  const platform = new PlatformStack(app, stage);
  for (const contract of contracts) {
    new EventStack(app, contract).addStackDependency(platform);
  }
}

function loadChecked(folder: string): CompiledContract {
  const contract = loadContract(folder);
  checkEventQuotas(folder, contract);
  return contract;
}

function folderOf(event: string, folders: readonly string[], schemas: string): string {
  const folder = folders.find((candidate) => basename(candidate) === event);
  if (folder === undefined) {
    const allowed = folders.map((candidate) => basename(candidate)).join(', ');
    throw new ContractError(schemas, 0, `cannot synthesize "${event}": no such event, allowed are ${allowed}`);
  }
  return folder;
}
