/** What there is before a deployment: what the last one left on AWS, or what a git ref would have made. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { readAssembly, type Template } from '../../local/assembly.ts';
import { ssmCatalog } from '../../pipeline/adapters/ssm-catalog.ts';
import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
import { CATALOG_PATH, eventStackName } from '../../pipeline/contract/names.ts';
import { assembledContract } from '../assembled-contract.ts';
import { CommandError } from '../command-error.ts';
import { synth } from '../synth.ts';

export interface Previous {
  /** Undefined when the event is new. */
  readonly template: Template | undefined;
  readonly contract: CompiledContract | undefined;
}

const NOTHING: Previous = { template: undefined, contract: undefined };
const SCHEMAS = 'schemas';
const run = promisify(execFile);

/**
 * The event as the files of `schemas/` at a git ref describe it, synthesized by the code of today: so what differs is
 * the contract's doing.
 * @param folder for what is made on the way.
 * @throws CommandError when git does not know the ref, or its files do not compile.
 */
export async function previousOfGit(event: string, ref: string, folder: string): Promise<Previous> {
  const schemas = await schemasAt(ref, folder);
  if (schemas === undefined || !existsSync(join(schemas, event))) {
    return NOTHING;
  }
  const output = join(folder, 'before');
  try {
    await synth({ output, schemas, event });
  } catch (error) {
    throw new CommandError(`Cannot compare with "${ref}": ${(error as Error).message}`);
  }
  const stack = readAssembly(output).find(({ name }) => name === eventStackName(event));
  return stack === undefined ? NOTHING : { template: stack.template, contract: await assembledContract(stack) };
}

/** @returns the folder that holds `schemas/` as it was; undefined when there was none. */
export async function schemasAt(ref: string, folder: string, repository = '.'): Promise<string | undefined> {
  const archive = join(folder, 'schemas.tar');
  mkdirSync(folder, { recursive: true });
  try {
    const { stdout } = await run('git', ['-C', repository, 'ls-tree', '--name-only', ref, SCHEMAS]);
    if (stdout === '') {
      return undefined;
    }
    await run('git', ['-C', repository, 'archive', '--format=tar', `--output=${archive}`, ref, SCHEMAS]);
    await run('tar', ['-xf', archive, '-C', folder]);
  } catch (error) {
    const [reason] = String((error as { stderr?: string }).stderr ?? error).split('\n');
    const allowed = 'allowed is what git knows here as a commit, or --aws for what is deployed';
    throw new CommandError(
      `Cannot read ${SCHEMAS}/ at "${ref}", so there is nothing to compare with: ${reason}; ${allowed}`,
    );
  }
  return join(folder, SCHEMAS);
}

/** @throws CommandError when AWS cannot be asked. */
export async function previousOfAws(event: string): Promise<Previous> {
  try {
    const template = await deployedTemplate(new CloudFormationClient({}), eventStackName(event));
    const entry =
      template && (await ssmCatalog(CATALOG_PATH, Date.now, new SSMClient({}), new S3Client({})).find(event));
    return { template, contract: entry?.contract };
  } catch (error) {
    throw new CommandError(`Cannot read what is deployed of "${event}": ${(error as Error).message}`);
  }
}

/** @returns undefined when there is no such stack. */
export async function deployedTemplate(
  client: Pick<CloudFormationClient, 'send'>,
  StackName: string,
): Promise<Template | undefined> {
  try {
    const { TemplateBody } = await client.send(new GetTemplateCommand({ StackName, TemplateStage: 'Original' }));
    return TemplateBody === undefined ? undefined : (JSON.parse(TemplateBody) as Template);
  } catch (error) {
    if ((error as Error).name === 'ValidationError' && /does not exist/.test((error as Error).message)) {
      return undefined;
    }
    throw error;
  }
}
