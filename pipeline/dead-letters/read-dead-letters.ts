/** Dead letters as a commit's rejected object holds them. */
import { UnknownFormatError } from '../errors.ts';
import type { ObjectStore } from '../ports.ts';
import { getContent } from '../sink/content-key.ts';
import type { DeadLetterLine } from '../sink/dead-letter.ts';

/** In the order of their offsets. Memory: the object. @throws UnknownFormatError when it was changed. */
export async function readDeadLetters(lake: ObjectStore, key: string): Promise<DeadLetterLine[]> {
  const text = Buffer.from(await getContent(lake, key)).toString('utf8');
  try {
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as DeadLetterLine);
  } catch {
    throw new UnknownFormatError(`the dead letters "${key}"`, 'a line is no JSON; the object was changed, restore it');
  }
}
