/** The messages that S3 puts into a queue. */
import { randomUUID } from 'node:crypto';
import type { S3Object } from '../../node_modules/fauxqs/dist/s3/s3Types.js';
import { REGION } from './account.ts';

/** One queue of a bucket's notification configuration. */
export interface NotificationRule {
  readonly queueArn: string;
  /** As in the template: `s3:ObjectCreated:*` or one exact event. */
  readonly event: string;
  readonly prefix: string;
  readonly suffix: string;
}

/** Whether S3 would notify for this event (`ObjectCreated:Put`) on this key. Prefix and suffix compare the plain key. */
export function ruleMatches(rule: NotificationRule, eventName: string, key: string): boolean {
  const wanted = rule.event.replace(/^s3:/, '');
  const eventMatches = wanted.endsWith('*') ? eventName.startsWith(wanted.slice(0, -1)) : eventName === wanted;
  return eventMatches && key.startsWith(rule.prefix) && key.endsWith(rule.suffix);
}

/**
 * The body of a notification, event version 2.1; the key is form-encoded (a space is `+`).
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export function s3EventMessage(bucket: string, object: S3Object, eventName: string): string {
  const record = {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: REGION,
    eventTime: object.lastModified.toISOString(),
    eventName,
    userIdentity: { principalId: 'LAPTOP' },
    requestParameters: { sourceIPAddress: '127.0.0.1' },
    responseElements: { 'x-amz-request-id': requestId(), 'x-amz-id-2': 'laptop' },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'headrace',
      bucket: { name: bucket, ownerIdentity: { principalId: 'LAPTOP' }, arn: `arn:aws:s3:::${bucket}` },
      object: {
        key: encodeKey(object.key),
        size: object.contentLength,
        eTag: object.etag.replaceAll('"', ''),
        sequencer: Date.now().toString(16).toUpperCase().padStart(16, '0'),
      },
    },
  };
  return JSON.stringify({ Records: [record] });
}

/** The message that S3 sends once when a queue becomes the target of a bucket's notifications. */
export function s3TestMessage(bucket: string): string {
  return JSON.stringify({
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: new Date().toISOString(),
    Bucket: bucket,
    RequestId: requestId(),
    HostId: 'laptop',
  });
}

function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+');
}

function requestId(): string {
  return randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase();
}
