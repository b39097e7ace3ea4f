/** What a warehouse cannot hold of the values that a column's type allows. */
import type { WarehouseTarget } from './compiled-contract.ts';

/** Text of a target that has limits holds no NUL. */
export interface ValueLimits {
  /** As in messages: `Redshift`. */
  readonly warehouse: string;
  /** Of text and of JSON text in UTF-8, wherever it is. */
  readonly textBytesMax: number;
  readonly binaryBytesMax: number;
  /** Of bytes inside structs, lists and maps. */
  readonly nestedBinaryBytesMax: number;
  /** Objects and arrays inside one another. */
  readonly jsonDepthMax: number;
}

const TEXT_BYTES_MAX = 65_535;

/**
 * https://docs.aws.amazon.com/redshift/latest/dg/limitations-super.html and r_Character_types.html; a single text inside
 * of a SUPER may be longer only where a database parameter says so. What COPY makes of a NUL in Parquet is documented
 * nowhere: a refusal is better than a cut text. Nested bytes may become hexadecimal text, with two digits each.
 */
export const REDSHIFT_LIMITS: ValueLimits = {
  warehouse: 'Redshift',
  textBytesMax: TEXT_BYTES_MAX,
  binaryBytesMax: 1_024_000,
  nestedBinaryBytesMax: Math.floor(TEXT_BYTES_MAX / 2),
  jsonDepthMax: 1_000,
};

/** Undefined where a record of Kafka's size holds nothing that the warehouse does not. */
export const valueLimits = (target: WarehouseTarget): ValueLimits | undefined =>
  target === 'redshift' ? REDSHIFT_LIMITS : undefined;
