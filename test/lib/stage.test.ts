import { STAGES } from '../../lib/config.ts';
import { stageOf } from '../../lib/stage.ts';
import { testApp } from './synthesize.ts';

test('stageOf takes the stage of the context, and production where it is not said', () => {
  expect(stageOf(testApp({ stage: 'sandbox' }))).toBe(STAGES.sandbox);
  expect(stageOf(testApp())).toBe(STAGES.production);
});

test.each(['prod', 'toString', 7])('stageOf refuses the stage %p', (stage) => {
  expect(() => stageOf(testApp({ stage }))).toThrow(
    `Cannot take the stage "${stage}": unknown, allowed are sandbox, staging, production`,
  );
});
