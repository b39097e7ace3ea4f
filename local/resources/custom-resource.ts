/** Custom::*: a resource that a function of the template makes. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { localArn } from '../aws/account.ts';
import type { CreateResource } from './deployment.ts';
import { findFunction } from './find-function.ts';

/** How long an answer may take after the function has returned. */
const ANSWER_MS_MAX = 5000;

/**
 * Invokes the function with a Create event and waits for its answer at the ResponseURL.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
 */
export const createCustomResource: CreateResource = async ({ stackName, logicalId, type, properties }, deployment) => {
  const { ServiceToken, ServiceTimeout: _, ...others } = properties;
  const { path, response } = deployment.aws.responses.open();
  const event = {
    RequestType: 'Create',
    RequestId: randomUUID(),
    ResponseURL: deployment.aws.url + path,
    StackId: localArn('cloudformation', `stack/${stackName}/laptop`),
    LogicalResourceId: logicalId,
    ResourceType: type,
    ServiceToken,
    ResourceProperties: { ServiceToken, ...others },
  };
  const target = findFunction(deployment, String(ServiceToken));
  const result = await target.invoke(Buffer.from(JSON.stringify(event)));
  await target.stopIdle();
  if (!result.ok) throw new Error(`its function failed: ${result.error.errorMessage}`);
  const answer = await Promise.race([response, sleep(ANSWER_MS_MAX, undefined, { ref: false })]);
  if (answer === undefined) throw new Error('its function did not answer at the ResponseURL');
  if (answer.Status !== 'SUCCESS') throw new Error(`its function answered ${answer.Status}: ${answer.Reason}`);
  const data = Object.entries(answer.Data ?? {}).map(([name, value]) => [name, String(value)] as const);
  return { ref: answer.PhysicalResourceId ?? logicalId, attributes: Object.fromEntries(data) };
};
