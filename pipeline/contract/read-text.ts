/** Files of a contract: what people write is UTF-8, and anything else is said rather than mended. */
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { ContractError } from './contract-error.ts';

/** The file's text, without a byte-order mark. @throws ContractError when it cannot be read or is not UTF-8. */
export function readText(file: string): string {
  const bytes = readBytes(file);
  if (!isUtf8(bytes)) {
    throw new ContractError(file, 0, 'is not UTF-8');
  }
  return new TextDecoder().decode(bytes);
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ContractError(file, 0, `cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}
