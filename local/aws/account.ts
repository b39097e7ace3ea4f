/** The one account and region that exist on the laptop. */

/** Fixed by `fauxqs`, which builds queue ARNs with it. */
export const ACCOUNT_ID = '000000000000';
export const REGION = 'us-east-1';
export const PARTITION = 'aws';

/** An ARN in the laptop's account and region. */
export function localArn(service: string, resource: string): string {
  return `arn:${PARTITION}:${service}:${REGION}:${ACCOUNT_ID}:${resource}`;
}
