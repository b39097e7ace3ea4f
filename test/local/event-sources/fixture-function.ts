/** A function in this process, in place of one behind the runtime API. */
import { failure, type InvocationResult } from '../../../local/lambda/invocation.ts';
import type { LambdaFunction } from '../../../local/lambda/lambda-function.ts';

/** Calls `handle` with the parsed event; what it throws becomes a function error. */
export function fixtureFunction<Event>(handle: (event: Event, bytes: number) => unknown): LambdaFunction {
  const invoke = async (payload: Buffer): Promise<InvocationResult> => {
    try {
      const result = await handle(JSON.parse(String(payload)) as Event, payload.length);
      return { ok: true, payload: Buffer.from(JSON.stringify(result ?? null)) };
    } catch (error) {
      return failure('Error', String(error));
    }
  };
  return { definition: { name: 'fixture' }, invoke } as unknown as LambdaFunction;
}
