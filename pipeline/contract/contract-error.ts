/** A contract that cannot be compiled: the author's mistake, said in one line that starts with `file:line`. */
export class ContractError extends Error {
  override readonly name = 'ContractError';

  /** @param line counted from 1; 0 when the whole file is meant. */
  constructor(file: string, line: number, reason: string) {
    super(line > 0 ? `${file}:${line}: ${reason}` : `${file}: ${reason}`);
  }
}
