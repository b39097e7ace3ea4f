/** The schedules of an event, which run its functions. */
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { Aws } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

/** What runs when. */
export interface ScheduledRun {
  readonly description: string;
  readonly everyMinutes: number;
  readonly target: LambdaFunction;
  /** The event that the function gets. @default an empty object */
  readonly input?: object;
}

/**
 * One role for all schedules of an event. A run that fails is not repeated by the schedule: the next one takes up what
 * is left. EventBridge Scheduler starts a run whether the one before has ended or not.
 */
export class Schedules extends Construct {
  readonly #role: Role;
  readonly #permissions = new PolicyDocument();

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.#role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
      inlinePolicies: { Permissions: this.#permissions },
    });
  }

  add(id: string, { description, everyMinutes, target, input = {} }: ScheduledRun): void {
    this.#permissions.addStatements(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [target.functionArn] }),
    );
    new CfnSchedule(this, id, {
      description,
      scheduleExpression: everyMinutes === 1 ? 'rate(1 minute)' : `rate(${everyMinutes} minutes)`,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: target.functionArn,
        roleArn: this.#role.roleArn,
        input: JSON.stringify(input),
        // Of reaching Lambda; the function's own failures are retried by Lambda.
        retryPolicy: { maximumRetryAttempts: 0 },
      },
    });
  }
}
