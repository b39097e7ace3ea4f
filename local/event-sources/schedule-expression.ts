/** When EventBridge Scheduler runs a schedule: `rate(…)` and `cron(…)`, in UTC. */

export interface ScheduleTiming {
  /** Whether it counts from its start, so that the first run need not wait for an hour of the day. */
  readonly startsAtOnce: boolean;
  /** The first time after `after`, both in milliseconds since the epoch; undefined when there is none. */
  next(after: number): number | undefined;
}

/**
 * Reads `rate(5 minutes)` or `cron(0 3 * * ? *)`. Of cron's signs it knows `*`, `?`, lists, ranges, steps and names, not
 * L, W and #.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 * @throws Error with a reason that the caller completes with the resource's name.
 */
export function parseScheduleExpression(expression: string): ScheduleTiming {
  const [, kind, text = ''] = /^(\w+)\((.*)\)$/.exec(expression) ?? [];
  if (kind === 'rate') return rate(text, expression);
  if (kind === 'cron') return cron(text.trim().split(/\s+/), expression);
  throw unknown(expression);
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const UNITS_MS: Readonly<Record<string, number>> = { minute: MINUTE_MS, hour: 60 * MINUTE_MS, day: DAY_MS };

function rate(text: string, expression: string): ScheduleTiming {
  const [, count = '', unit = ''] = /^(\d+) (minute|hour|day)s?$/.exec(text.trim()) ?? [];
  const everyMs = Number(count) * (UNITS_MS[unit] ?? 0);
  if (everyMs === 0) throw unknown(expression);
  return { startsAtOnce: true, next: (after) => after + everyMs };
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const YEAR_MAX = 2199;
/** Between two 29ths of February on the same weekday there can be 40 years. */
const DAYS_AHEAD_MAX = 40 * 366;

function cron(fields: readonly string[], expression: string): ScheduleTiming {
  if (fields.length !== 6) throw unknown(expression);
  const allowed = (index: number, min: number, max: number, names: readonly string[] = []): ReadonlySet<number> => {
    const values = (fields[index] ?? '').split(',').map((item) => range(item, min, max, names));
    if (values.some((each) => each === undefined)) throw unknown(expression);
    return new Set(values.flatMap((each) => each ?? []));
  };
  const [minutes, hours, days] = [allowed(0, 0, 59), allowed(1, 0, 23), allowed(2, 1, 31)];
  const [months, weekdays, years] = [allowed(3, 1, 12, MONTHS), allowed(4, 1, 7, WEEKDAYS), allowed(5, 1970, YEAR_MAX)];
  const isDay = (time: Date): boolean =>
    years.has(time.getUTCFullYear()) &&
    months.has(time.getUTCMonth() + 1) &&
    days.has(time.getUTCDate()) &&
    weekdays.has(time.getUTCDay() + 1);
  const isMinute = (time: Date): boolean => hours.has(time.getUTCHours()) && minutes.has(time.getUTCMinutes());
  const next = (after: number): number | undefined => {
    const until = after + DAYS_AHEAD_MAX * DAY_MS;
    for (let at = nextMultiple(after, MINUTE_MS); at < until; ) {
      const time = new Date(at);
      if (!isDay(time)) at = nextMultiple(at, DAY_MS);
      else if (isMinute(time)) return at;
      else at += MINUTE_MS;
    }
    return undefined;
  };
  return { startsAtOnce: false, next };
}

/** The numbers that `*`, `?`, `7`, `MON-FRI`, `0/15` or `10-20/5` stands for; undefined when it is none of these. */
function range(item: string, min: number, max: number, names: readonly string[]): number[] | undefined {
  const [span = '', step = '1', ...rest] = item.split('/');
  const number = (text: string): number => {
    const named = names.indexOf(text.toUpperCase());
    if (named >= 0) return named + min;
    return /^\d+$/.test(text) ? Number(text) : Number.NaN;
  };
  const bounds = span === '*' || span === '?' ? [min, max] : span.split('-').map(number);
  const [first = Number.NaN, last = item.includes('/') ? max : first] = bounds;
  const by = number(step);
  if (rest.length > 0 || bounds.length > 2 || !(first >= min && last <= max && first <= last && by >= 1))
    return undefined;
  return Array.from({ length: Math.floor((last - first) / by) + 1 }, (_, index) => first + index * by);
}

const nextMultiple = (after: number, unit: number): number => (Math.floor(after / unit) + 1) * unit;

function unknown(expression: string): Error {
  return new Error(
    `the laptop host does not know the schedule "${expression}", only rate(<n> minutes|hours|days) and ` +
      'cron(<minutes> <hours> <day of month> <month> <day of week> <year>)',
  );
}
