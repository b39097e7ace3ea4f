import { FaultRules } from '../../local/fault-rules.ts';

const any = () => true;

test('FaultRules.take gives the first rule that matches, as often as it says', () => {
  const rules = new FaultRules<{ name: string; times?: number }>();
  const taken: string[] = [];
  rules.onTaken = ({ name }) => taken.push(name);
  rules.add({ name: 'twice', times: 2 });
  rules.add({ name: 'always' });
  expect([1, 2, 3].map(() => rules.take(any)?.name)).toEqual(['twice', 'twice', 'always']);
  expect(rules.take(({ name }) => name === 'other')).toBeUndefined();
  expect(taken).toEqual(['twice', 'twice', 'always']);
});

test('FaultRules.take forgets a rule whose time is over, that was ended, or after clear', () => {
  let now = 1000;
  const rules = new FaultRules<{ name: string; forMs?: number }>(() => now);
  rules.add({ name: 'short', forMs: 10 });
  const end = rules.add({ name: 'ended' });
  rules.add({ name: 'last' });
  now = 1009;
  expect(rules.take(any)?.name).toBe('short');
  now = 1010;
  expect(rules.take(any)?.name).toBe('ended');
  end();
  expect(rules.take(any)?.name).toBe('last');
  rules.clear();
  expect(rules.take(any)).toBeUndefined();
});

test('FaultRules.take meets by probability, and what one rule spares another may meet', () => {
  const numbers = [0.29, 0.3, 0.9];
  const rules = new FaultRules<{ name: string; times?: number; probability?: number }>(
    Date.now,
    () => numbers.shift() ?? 1,
  );
  rules.add({ name: 'seldom', probability: 0.3 });
  rules.add({ name: 'once', times: 1 });
  expect([1, 2, 3].map(() => rules.take(any)?.name)).toEqual(['seldom', 'once', undefined]);
});
