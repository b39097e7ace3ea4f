/** What the functions' logs say about a run. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * How many invocations failed by errors with this code, which S3's client had repeated in vain: those that ended with
 * it, and loads that a loader gave back to its queue.
 * @param folder the host's logs, one of each function.
 */
export function failedInvocations(folder: string, code: string): number {
  const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'));
  return lines.filter((line) => (line.startsWith('ERROR ') || line.includes('"Load failed"')) && line.includes(code))
    .length;
}
