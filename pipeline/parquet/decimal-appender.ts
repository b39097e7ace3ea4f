/** Decimals: exact digits in, an unscaled integer stored. */
import { FixedValues } from './fixed-values.ts';
import type { NumberValues } from './number-values.ts';
import { type Rejection, reject } from './rejection.ts';

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/**
 * Stores text such as "-12.50", the digits that a number prints as, or a bigint that is already times 10^scale.
 * More decimals than the column has are refused unless they are zeros: nothing is rounded.
 */
export function decimalAppender(
  type: { readonly precision: number; readonly scale: number },
  values: NumberValues | FixedValues,
): (value: unknown) => Rejection | undefined {
  const { precision, scale } = type;
  const limit = 10n ** BigInt(precision);
  const wrong = reject('type', 'a decimal number, or its digits as text, is required');
  const outside = reject('range', `a number of at most ${precision} digits, ${scale} of them decimals, is required`);
  return (value) => {
    const unscaled = typeof value === 'bigint' ? value : unscaledDigits(value, scale);
    if (unscaled === undefined) return wrong;
    if (unscaled === 'inexact' || unscaled >= limit || unscaled <= -limit) return outside;
    if (values instanceof FixedValues) values.push(bigEndian(unscaled, values.width), 0);
    else if (values.width === 2) values.pushBigint(unscaled);
    else values.pushInt32(Number(unscaled));
    return undefined;
  };
}

/** The digits times 10^scale; 'inexact' where decimals would be lost, undefined where the value is no number. */
export function unscaledDigits(value: unknown, scale: number): bigint | 'inexact' | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const match = DECIMAL.exec(String(value));
  if (!match) return undefined;
  const [, sign = '', whole = '', decimals = ''] = match;
  if (/[^0]/.test(decimals.slice(scale))) return 'inexact';
  return BigInt(`${sign}${whole}${decimals.slice(0, scale).padEnd(scale, '0')}`);
}

/** Two's complement in `width` bytes, which must be enough. */
export function bigEndian(value: bigint, width: number): Uint8Array {
  const bytes = new Uint8Array(width);
  let rest = BigInt.asUintN(width * 8, value);
  for (let at = width - 1; at >= 0; at--) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}
