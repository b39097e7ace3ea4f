/** AWS::Scheduler::Schedule. */
import { localArn } from '../aws/account.ts';
import { Schedule } from '../event-sources/schedule.ts';
import { parseScheduleExpression } from '../event-sources/schedule-expression.ts';
import type { CreateResource } from './deployment.ts';
import { findFunction } from './find-function.ts';
import { physicalName } from './physical-name.ts';
import { expectProperties } from './property-check.ts';

const SCHEDULE_NAME_MAX = 64;
/** Scheduler replaces `<aws.scheduler.scheduled-time>` and the like in the input. */
const CONTEXT_ATTRIBUTE = '<aws.scheduler.';

/**
 * A schedule whose target is a function. Flexible windows, start and end dates and other time zones are refused. Retry
 * policy and dead-letter queue have no effect: they are about reaching Lambda, which on a laptop cannot fail.
 */
export const createSchedule: CreateResource = async ({ stackName, logicalId, properties }, deployment) => {
  expectProperties(
    properties,
    ['FlexibleTimeWindow', 'ScheduleExpression', 'ScheduleExpressionTimezone', 'State', 'Target'],
    ['Description', 'GroupName', 'KmsKeyArn', 'Name'],
  );
  const { Mode } = properties['FlexibleTimeWindow'] as { readonly Mode: string };
  if (Mode !== 'OFF') throw new Error(`the laptop host knows the flexible time window OFF, not ${Mode}`);
  const zone = properties['ScheduleExpressionTimezone'] ?? 'UTC';
  if (zone !== 'UTC') throw new Error(`the laptop host knows the time zone UTC, not ${zone}`);
  const { Arn, Input, ...others } = properties['Target'] as { readonly Arn: string; readonly Input?: string };
  expectProperties(others, ['Arn', 'Input'], ['DeadLetterConfig', 'RetryPolicy', 'RoleArn']);
  const schedule = new Schedule({
    timing: parseScheduleExpression(String(properties['ScheduleExpression'])),
    input: checkInput(Input),
    function: findFunction(deployment, Arn),
  });
  if (properties['State'] !== 'DISABLED') {
    deployment.schedules.push(schedule);
    deployment.eventSources.push(schedule);
  }
  const name = String(properties['Name'] ?? physicalName(stackName, logicalId, SCHEDULE_NAME_MAX));
  return {
    ref: name,
    attributes: { Arn: localArn('scheduler', `schedule/${properties['GroupName'] ?? 'default'}/${name}`) },
  };
};

function checkInput(input: string | undefined): string {
  if (input === undefined) throw new Error('the laptop host needs the Input of its Target');
  if (input.includes(CONTEXT_ATTRIBUTE))
    throw new Error(`the laptop host does not fill in ${CONTEXT_ATTRIBUTE}…> in an Input`);
  try {
    JSON.parse(input);
  } catch {
    throw new Error('the Input of its Target is no JSON, which a function cannot be invoked with');
  }
  return input;
}
