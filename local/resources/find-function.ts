/** Functions by what templates call them. */
import type { LambdaFunction } from '../lambda/lambda-function.ts';
import type { Deployment } from './deployment.ts';

/** By name, by ARN, or by the ARN inside API Gateway's invocation URI. @throws Error when there is none. */
export function findFunction({ functions }: Deployment, reference: string): LambdaFunction {
  const found = functions.find(
    ({ definition: { name, arn } }) => reference === name || reference === arn || reference.includes(`/${arn}/`),
  );
  if (found === undefined) throw new Error(`it names the function ${reference}, which no stack before it has`);
  return found;
}
