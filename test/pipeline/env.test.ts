import { readEnv } from '../../pipeline/env.ts';

interface Env {
  readonly A: string;
  readonly B: string;
}

test('readEnv: gives the named variables and no others', () => {
  expect(readEnv<Env>(['A', 'B'], { A: '1', B: '2', C: '3' })).toEqual({ A: '1', B: '2' });
});

test('readEnv: names every variable that is missing or empty', () => {
  expect(() => readEnv<Env>(['A', 'B'], { A: '' })).toThrow(
    'Cannot start the function: environment variables missing or empty: A, B',
  );
});
