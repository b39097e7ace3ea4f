import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { assembledContract } from '../../cli/assembled-contract.ts';
import { platformShape } from '../../cli/cost/shape.ts';
import { stackNamed, synthesizedStacks } from '../../cli/synth.ts';
import { loadContract } from '../../pipeline/contract/load-contract.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headrace-synth-'));
  jest.spyOn(console, 'error').mockReturnValue();
});
afterAll(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true });
});

test('synthesizedStacks: makes the stage that is asked for, and each event’s contract is found in its stack', async () => {
  const stacks = await synthesizedStacks({ stage: 'sandbox' }, folder);
  expect(platformShape(stackNamed(stacks, 'Platform').template)).toMatchObject({ instanceType: 'kafka.t3.small' });
  const own = stackNamed(stacks, 'Event-order-created');
  expect(await assembledContract(own)).toEqual(loadContract('schemas/order_created'));
  await expect(assembledContract(stackNamed(stacks, 'Platform'))).rejects.toThrow('it must be an event');
  expect(() => stackNamed(stacks, 'Event-other')).toThrow(
    'Cannot find the stack "Event-other": allowed are Platform, Event-',
  );
  // What is there already is read as it is.
  const again = await synthesizedStacks({ assembly: folder });
  expect(again.map(({ name }) => name)).toEqual(stacks.map(({ name }) => name));
});

test('synthesizedStacks: a stage that does not exist, or that is another than the stacks’, is refused', async () => {
  await expect(synthesizedStacks({ stage: 'nowhere' }, join(folder, 'none'))).rejects.toThrow(
    'cannot take the stage "nowhere": unknown, allowed are sandbox, staging, production',
  );
  await expect(synthesizedStacks({ assembly: folder, stage: 'sandbox' })).rejects.toThrow(
    'Cannot use --stage with --assembly',
  );
});
