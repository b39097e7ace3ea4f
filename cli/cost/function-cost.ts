/** What a Lambda function is paid for. */
import { ASSUMED } from './measured.ts';
import { perMonth } from './month.ts';
import { PRICES } from './prices.ts';

/** From here on a function has one processor whole. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const PROCESSOR_MB = 1_769;

/**
 * USD a month.
 * @param runs each second.
 * @param micros of one processor, each second: a function with less than one takes longer by as much.
 * @param waiting seconds in which the function waits and is paid, each second.
 */
export function functionCost(memoryMb: number, runs: number, micros: number, waiting: number): number {
  const gbSeconds = (workingSeconds(memoryMb, micros) + waiting) * (memoryMb / 1024);
  return perMonth(runs) * PRICES.lambdaRequest + perMonth(gbSeconds) * PRICES.lambdaGbSecond;
}

/** How long a function of that memory works for what takes a whole processor so many microseconds. */
export const workingSeconds = (memoryMb: number, micros: number): number =>
  (micros / 1e6) * ASSUMED.processorFactor * Math.max(1, PROCESSOR_MB / memoryMb);
