/** What the laptop host says to a person: one line, no stack. */

/**
 * Why the host cannot start or go on; its message is complete, so a command prints it alone and exits with 1.
 * Anything else that is thrown is a defect of the host and deserves its stack.
 */
export class HostError extends Error {
  override readonly name = 'HostError';
}
