import { faultName } from './fault-name.ts';
import { chaosPlan } from './plan.ts';
import { seededRandom } from './random.ts';

const plan = (seed: number, minutes = 10) => chaosPlan(seededRandom(seed, 'plan'), minutes * 60_000);

test('chaosPlan follows from the seed', () => {
  expect(plan(7)).toEqual(plan(7));
  expect(plan(7)).not.toEqual(plan(8));
});

test('chaosPlan has every kind of fault in an hour, in the order of time', () => {
  const actions = plan(1, 60);
  const times = actions.map(({ atMs }) => atMs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  const names = new Set(actions.map(({ action }) => faultName(action)));
  expect([...names]).toEqual(
    expect.arrayContaining([
      'host: kill -9',
      'function: kill -9',
      'function: kill -9 at a time',
      'function: timeout',
      'S3: 409 ConditionalRequestConflict',
      'S3: 503 SlowDown',
      'S3: 503 ServiceUnavailable',
      'S3: no answer',
      'S3: connection reset, after it was done',
      'SSM: connection reset',
      'SQS: connection reset, after it was done',
      'Kafka Produce: connection reset, after it was done',
      'Kafka Fetch: notLeaderOrFollower',
      'message: notification lost',
      'message: notification twice',
      'message: notification late',
      'message: delivered again although deleted',
    ]),
  );
});

test('chaosPlan has outages of S3 that fail writes of data and of commits for good, in a run of 30 seconds too', () => {
  for (let seed = 0; seed < 20; seed++) {
    const outages = plan(seed, 0.5).flatMap(({ action }) =>
      action.kind === 'requests' && action.fault.times === undefined ? action.fault : [],
    );
    const names = outages.map(({ operation, name }) => `${operation} ${name}`);
    expect(names.slice(0, 2)).toEqual(['PutObject /\\/data\\//', 'PutObject /\\/commits\\//']);
    expect(outages.every(({ forMs = 0 }) => forMs >= 2000)).toBe(true);
  }
});

test('chaosPlan kills a host at least once in a run of 40 seconds', () => {
  for (let seed = 0; seed < 20; seed++) {
    expect(plan(seed, 40 / 60).some(({ action }) => action.kind === 'kill-host')).toBe(true);
  }
});

test('seededRandom gives numbers from 0 to 1, other ones for another name', () => {
  const random = seededRandom(3, 'a');
  const numbers = Array.from({ length: 1000 }, random);
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  expect(mean).toBeCloseTo(0.5, 1);
  expect(seededRandom(3, 'b')()).not.toBe(numbers[0]);
});
