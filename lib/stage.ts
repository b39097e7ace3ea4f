/** Which stage the app is synthesized for. */
import type { Construct } from 'constructs';
import { STAGES, type Stage, type StageName } from './config.ts';

/** Whoever forgets to say so must not get a smaller cluster in the place of production's. */
const STAGE_DEFAULT: StageName = 'production';

/** The stage that `-c stage=<name>` names. @throws Error when there is no such stage. @default production */
export function stageOf(scope: Construct): Stage {
  const name: unknown = scope.node.tryGetContext('stage') ?? STAGE_DEFAULT;
  if (!isStageName(name)) {
    throw new Error(`Cannot take the stage "${name}": unknown, allowed are ${Object.keys(STAGES).join(', ')}`);
  }
  return STAGES[name];
}

const isStageName = (name: unknown): name is StageName => typeof name === 'string' && Object.hasOwn(STAGES, name);
