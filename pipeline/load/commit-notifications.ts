/** S3's event notifications as they arrive in SQS: which objects were created. */

/** The part of an S3 event message that is read (S3 user guide, "Event message structure"). */
interface S3Notification {
  readonly Event?: string;
  readonly Records?: ReadonlyArray<{ readonly s3?: { readonly object?: { readonly key?: string } } }>;
}

/** S3 sends this once when the notification is set up; it names no object. */
const TEST_EVENT = 's3:TestEvent';

/**
 * The keys that a message names, decoded.
 * @throws Error when the body is no S3 notification.
 */
export function notifiedKeys(body: string): string[] {
  const notification = parse(body);
  if (notification?.Event === TEST_EVENT) {
    return [];
  }
  const keys = notification?.Records?.map(({ s3 }) => s3?.object?.key) ?? [];
  if (keys.length === 0 || keys.includes(undefined)) {
    throw new Error('Cannot read the message: it is no S3 event notification');
  }
  // S3 encodes keys as forms do: "+" is a space.
  return keys.map((key) => decodeURIComponent((key ?? '').replaceAll('+', ' ')));
}

function parse(body: string): S3Notification | undefined {
  try {
    return JSON.parse(body) as S3Notification;
  } catch {
    return undefined;
  }
}
