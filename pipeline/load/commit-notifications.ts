/** S3's event notifications as they arrive in SQS: which objects were created. */

/** The part of an S3 event message that is read (S3 user guide, "Event message structure"). */
interface S3Notification {
  readonly Event?: string;
  readonly Records?: ReadonlyArray<{
    readonly eventTime?: string;
    readonly s3?: { readonly bucket?: { readonly name?: string }; readonly object?: { readonly key?: string } };
  }>;
}

/** S3 sends this once when the notification is set up; it names no object. */
const TEST_EVENT = 's3:TestEvent';

/**
 * The keys in `bucket` that a message names, decoded.
 * @throws Error when the body is no S3 notification, or one about another bucket: all lakes have the same keys.
 */
export function notifiedKeys(body: string, bucket: string): string[] {
  const notification = parse(body);
  if (notification?.Event === TEST_EVENT) {
    return [];
  }
  const records = Array.isArray(notification?.Records) ? (notification as Required<S3Notification>).Records : [];
  if (records.length === 0) {
    throw new Error('Cannot read the message: it is no S3 event notification');
  }
  return records.map((record) => {
    const { bucket: { name } = {}, object: { key } = {} } = record?.s3 ?? {};
    if (name !== bucket || key === undefined) {
      throw new Error(`Cannot read the message: it is about the bucket "${name}", allowed is "${bucket}"`);
    }
    return decodeKey(key);
  });
}

/** S3 encodes keys as forms do: "+" is a space. */
const decodeKey = (key: string): string => decodeURIComponent(key.replaceAll('+', ' '));

/**
 * When each object was created, by its key, in milliseconds since the epoch; a time that cannot be read is left out.
 * @param body one that `notifiedKeys` could read.
 */
export function notificationTimes(body: string): ReadonlyMap<string, number> {
  const records = parse(body)?.Records;
  const times = (Array.isArray(records) ? records : []).map(
    (record) => [decodeKey(record?.s3?.object?.key ?? ''), Date.parse(record?.eventTime ?? '')] as const,
  );
  return new Map(times.filter(([, at]) => Number.isFinite(at)));
}

function parse(body: string): S3Notification | undefined {
  try {
    return JSON.parse(body) as S3Notification;
  } catch {
    return undefined;
  }
}
