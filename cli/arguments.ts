/** Arguments of the commands about one event: what they may say, and what they mean. */
import type { AuditWindow } from '../pipeline/audit/chain.ts';
import { CommandError } from './command-error.ts';
import type { Place } from './connect-event.ts';

export const TEXT = { type: 'string' } as const;
export const FLAG = { type: 'boolean' } as const;
/** Where the event is deployed. */
export const PLACE_OPTIONS = { dir: TEXT, aws: FLAG } as const;

/** The laptop's default data folder, unless they say another place. */
export const placeOf = (values: { readonly dir?: string | undefined; readonly aws?: boolean | undefined }): Place =>
  values.aws ? 'aws' : { dir: values.dir ?? '.headrace/laptop' };

/** @throws CommandError unless there is exactly one. */
export function onlyEvent([event, ...others]: readonly string[]): string {
  if (event === undefined || others.length > 0) {
    throw new CommandError('Say which event: its folder in schemas/, such as order_created');
  }
  return event;
}

/** What `--from` and `--to` say. @throws CommandError when no moment is in between: an empty window would prove nothing. */
export function windowOf(values: {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}): AuditWindow {
  const window = { from: instantOf(values.from), to: instantOf(values.to) };
  if (window.from !== undefined && window.to !== undefined && window.from > window.to) {
    throw new CommandError(`Cannot use --from ${values.from} with --to ${values.to}: it ends before it begins`);
  }
  return window;
}

/** Milliseconds since the epoch; undefined when it is not said. */
function instantOf(text: string | undefined): number | undefined {
  const time = text === undefined ? undefined : Date.parse(text);
  if (Number.isNaN(time)) {
    throw new CommandError(`Cannot use "${text}" as a time: allowed is ISO 8601, such as 2026-11-20T12:00:00Z`);
  }
  return time;
}

export function hoursMs(text: string): number {
  const hours = Number(text);
  if (text.trim() === '' || !(hours >= 0)) {
    throw new CommandError(`Cannot use "${text}" as hours: allowed are numbers from 0`);
  }
  return hours * 3_600_000;
}

export function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) {
    throw new CommandError(`Cannot use "${text}" as a number: allowed are whole numbers from 1`);
  }
  return count;
}
