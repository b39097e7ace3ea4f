/** Names of resources whose templates give none. */
import { createHash } from 'node:crypto';

/**
 * `<stack>-<logical id>`, the same in every run, so that a restart meets the same buckets and queues. A longer name is cut
 * and ends in a hash of the whole.
 */
export function physicalName(stackName: string, logicalId: string, lengthMax: number): string {
  const name = `${stackName}-${logicalId}`;
  if (name.length <= lengthMax) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, lengthMax - hash.length - 1)}-${hash}`;
}
