/** Why a row was refused: bad data, as a value. */

/** Stable codes: they end up in dead letters and metrics. */
export type RejectionCode =
  /** A value that must be there is not. */
  | 'missing'
  /** A value of another type than the column's. */
  | 'type'
  /** A number, time or decimal that the column cannot hold. */
  | 'range'
  /** Text that is not Unicode: invalid UTF-8, or half of a surrogate pair. */
  | 'unicode'
  /** An enum number without a name. */
  | 'enum'
  /** Bytes that are not the message they claim to be. */
  | 'wire';

export interface Rejection {
  readonly code: RejectionCode;
  /** The field, such as `items[3].price`; empty for the row itself. */
  readonly path: string;
  /** A sentence without the value, which may be personal data. */
  readonly reason: string;
}

export function reject(code: RejectionCode, reason: string): Rejection {
  return { code, path: '', reason };
}

/** The same rejection seen from the parent: `step` is a field's name or `[index]`. */
export function rejectAt(step: string, rejection: Rejection): Rejection {
  const { code, path, reason } = rejection;
  const separator = path === '' || path.startsWith('[') ? '' : '.';
  return { code, path: step + separator + path, reason };
}
