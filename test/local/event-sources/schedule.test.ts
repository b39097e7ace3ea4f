import { Schedule } from '../../../local/event-sources/schedule.ts';
import type { ScheduleTiming } from '../../../local/event-sources/schedule-expression.ts';
import { fixtureFunction } from './fixture-function.ts';

let schedule: Schedule | undefined;
afterEach(() => schedule?.stop());

const never: ScheduleTiming = { startsAtOnce: false, next: () => undefined };
const soon: ScheduleTiming = { startsAtOnce: false, next: (after) => after + 1 };

function start(timing: ScheduleTiming, handle: (event: object) => unknown): Schedule {
  schedule = new Schedule({ timing, input: '{"drain":true}', function: fixtureFunction(handle) });
  schedule.start();
  return schedule;
}

test('Schedule invokes its function with the input, again and again, also after a failure', async () => {
  const events: object[] = [];
  await new Promise<void>((resolve) => {
    start(soon, (event) => {
      events.push(event);
      if (events.length === 3) resolve();
      throw new Error('bad world');
    });
  });
  expect(events.slice(0, 3)).toEqual([{ drain: true }, { drain: true }, { drain: true }]);
});

test('Schedule starts a rate shortly after the start, whatever its length', async () => {
  const yearly: ScheduleTiming = { startsAtOnce: true, next: (after) => after + 365 * 86_400_000 };
  await new Promise((resolve) => start(yearly, resolve));
});

test('Schedule.run runs at once, and one run after the other', async () => {
  let running = 0;
  let most = 0;
  const runs: number[] = [];
  const all = start(never, async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 20));
    runs.push(running--);
  });
  await Promise.all([all.run(), all.run(), all.run()]);
  expect([runs.length, most]).toEqual([3, 1]);
});

test('Schedule.stop ends a wait, and nothing runs after it', async () => {
  let runs = 0;
  const stopped = start({ startsAtOnce: false, next: (after) => after + 60 * 86_400_000 }, () => runs++);
  await stopped.stop();
  await stopped.run();
  expect(runs).toBe(0);
});
