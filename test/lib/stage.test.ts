import { readFileSync } from 'node:fs';
import { STAGES, type Stage } from '../../lib/config.ts';
import { stageOf } from '../../lib/stage.ts';
import { testApp } from './synthesize.ts';

test('stageOf takes the stage of the context, and production where it is not said', () => {
  expect(stageOf(testApp({ stage: 'sandbox' }))).toBe(STAGES.sandbox);
  expect(stageOf(testApp())).toBe(STAGES.production);
});

test.each(['prod', 'toString', 7])('stageOf refuses the stage %p', (stage) => {
  expect(() => stageOf(testApp({ stage }))).toThrow(
    `lib/config.ts: cannot take the stage "${stage}": unknown, allowed are sandbox, staging, production`,
  );
});

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
const UNRESERVED_MIN = 100;

test('docs/deploy.md tells how many concurrent executions each stage needs of the account', () => {
  const rows = readFileSync('docs/deploy.md', 'utf8').matchAll(/^\| `(\w+)` \| (\d+) \| (\d+) \|$/gm);
  const needed = Object.entries<Stage>(STAGES).map(
    ([
      name,
      {
        proxy: { concurrencyMax: reserved = 0 },
      },
    ]) => [...[name, String(reserved)], String(reserved === 0 ? 10 : reserved + UNRESERVED_MIN)],
  );
  expect([...rows].map(([, ...row]) => row)).toEqual(needed);
});
