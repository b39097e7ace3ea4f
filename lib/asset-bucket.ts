/** The bucket of deployment assets that `cdk bootstrap` made, and the ARNs of objects. */
import { Aws, DefaultStackSynthesizer } from 'aws-cdk-lib/core';

/** The bucket's name in the account and region of the stack. */
export const assetBucketName = (): string =>
  `cdk-${DefaultStackSynthesizer.DEFAULT_QUALIFIER}-assets-${Aws.ACCOUNT_ID}-${Aws.REGION}`;

/** An object's ARN, or with a wildcard in the key that of many. */
export const objectArn = (bucketName: string, key: string): string => `arn:${Aws.PARTITION}:s3:::${bucketName}/${key}`;
