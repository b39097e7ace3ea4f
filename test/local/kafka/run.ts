/** Runs a command to its end. */
import { spawnSync } from 'node:child_process';

/** @throws Error with what the command printed when it does not end with 0; arguments, which may be secret, are not in it. */
export function run(command: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`Cannot run "${command}": exit ${status}\n${stdout}${stderr}`);
}
