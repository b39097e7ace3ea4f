/** Objects that cannot be read. */
import { ObjectNotFoundError, UnknownFormatError } from '../errors.ts';

/**
 * What is wrong with the object, as a finding.
 * @throws the error itself when it is about the world: a lake that cannot be reached proves nothing.
 */
export function unreadable(error: unknown): string {
  if (error instanceof ObjectNotFoundError || error instanceof UnknownFormatError) {
    return error.message;
  }
  throw error;
}
