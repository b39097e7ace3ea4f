/** cdk-nag's AwsSolutions, and what it finds that is meant to be so. */
import type {
  App,
  IPolicyValidationContext,
  IPolicyValidationPlugin,
  PolicyValidationPluginReport,
} from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';

interface Acknowledgement {
  /** Of a finding, such as `AwsSolutions-IAM5[Resource::*]`. */
  readonly finding: RegExp;
  readonly reason: string;
}

/** Every acknowledgement there is; the list is tested, so that one which fits nothing any more goes. */
export const ACKNOWLEDGED: readonly Acknowledgement[] = [
  {
    finding: /^AwsSolutions-S1$/,
    reason:
      'Commit records say who wrote what into a lake, and roles who may read it. Access logs would be more objects than ' +
      'the lake has; an account that needs them turns on CloudTrail data events.',
  },
  {
    finding: /^AwsSolutions-SMG4$/,
    reason:
      "Snowflake's key is made and rotated by its owner. Redshift's password is only used through the Data API, and a function that rotates it would need a way to the database, which nothing has.",
  },
  {
    finding: /^AwsSolutions-MSK6$/,
    reason: 'Express brokers have no broker logs to deliver; Standard brokers deliver theirs.',
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::\*\]$/,
    reason: 'A network interface has no name before it exists, and actions that describe have no resource level.',
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::<LakeBucket\w+\.Arn>\/\w+\/\*\]$/,
    reason: 'Objects of a lake get their names at run time; the prefix says which they are.',
  },
  {
    finding:
      /^AwsSolutions-IAM5\[Resource::arn:.*(:table\/headrace\/lake_\w+_v|"WarehouseBucketName"\}\}\/results\/|\/tables\/\w+\/)\*\]$/,
    reason:
      "Athena works with its caller's permissions: a loader's, on the tables of its event and their files, one for each " +
      'schema version, and on results of queries, which have names of their own.',
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::.*(:topic\/.*|:parameter\/headrace\/events)\/\*\]$/,
    reason: 'A new event needs no deployment of the platform, so the proxy may reach events that it does not know yet.',
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::arn:.*:s3:::cdk-\w+-assets-.*\/\*\.json\]$/,
    reason: 'For the same reason: compiled contracts are the deployment assets that end in .json.',
  },
];

/** The checks without what is acknowledged; cdk-nag's own acknowledgements cannot hold a pattern. */
class NagChecks extends AwsSolutionsChecks {
  override validate(context: IPolicyValidationContext): PolicyValidationPluginReport {
    const { violations } = super.validate(context);
    const left = violations.filter(({ ruleName }) => !ACKNOWLEDGED.some(({ finding }) => finding.test(ruleName)));
    return { success: left.length === 0, violations: left };
  }
}

// CDK's own declarations do not fit each other under exactOptionalPropertyTypes.
export const nagChecks = (app: App): IPolicyValidationPlugin => new NagChecks(app) as IPolicyValidationPlugin;
