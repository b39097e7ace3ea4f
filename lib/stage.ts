/** Which stage the app is synthesized for. */
import type { Construct } from 'constructs';
import { ContractError } from '../pipeline/contract/contract-error.ts';
import { STAGES, type Stage, type StageName } from './config.ts';

/** Whoever forgets to say so must not get a smaller cluster in the place of production's. */
const STAGE_DEFAULT: StageName = 'production';

/** The stage that `-c stage=<name>` names. @throws ContractError when there is no such stage. @default production */
export function stageOf(scope: Construct): Stage {
  const name: unknown = scope.node.tryGetContext('stage') ?? STAGE_DEFAULT;
  if (!isStageName(name)) {
    const allowed = Object.keys(STAGES).join(', ');
    throw new ContractError('lib/config.ts', 0, `cannot take the stage "${name}": unknown, allowed are ${allowed}`);
  }
  return STAGES[name];
}

const isStageName = (name: unknown): name is StageName => typeof name === 'string' && Object.hasOwn(STAGES, name);
