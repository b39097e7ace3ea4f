/** A contract that cannot be compiled: the author's mistake, said in a line that starts with `file:line`. */
export class ContractError extends Error {
  override readonly name = 'ContractError';

  /** @param line counted from 1; 0 when the whole file is meant. */
  constructor(file: string, line: number, reason: string) {
    super(line > 0 ? `${file}:${line}: ${reason}` : `${file}: ${reason}`);
  }

  /** Throws the mistakes of one step as one error, a line each; does nothing when there are none. */
  static throwAll(mistakes: readonly ContractError[]): void {
    const [first, ...others] = mistakes;
    if (first === undefined) return;
    first.message = [first, ...others].map(({ message }) => message).join('\n');
    throw first;
  }
}
