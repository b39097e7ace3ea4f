/** Tokens of key-pair authentication: a JSON Web Token that Snowflake checks against a user's public key. */
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';

export interface SnowflakeUser {
  /** The account's identifier, as in `myorg-myaccount`, or a locator, with or without its region. */
  readonly account: string;
  readonly user: string;
  /** PKCS#8 in PEM, not encrypted. */
  readonly privateKeyPem: string;
}

/** Snowflake accepts at most an hour ("Authenticating to the server", SQL API). */
const LIFETIME_SECONDS = 3_600;
/** A token is renewed while it is still good for the longest request. */
const RENEW_SECONDS_BEFORE = 600;

/**
 * Gives the token to use now: the same one for 50 minutes, then another.
 * @throws Error when the key is no private key; the message does not quote it.
 */
export function snowflakeTokens({ account, user, privateKeyPem }: SnowflakeUser, now: () => number): () => string {
  const key = readKey(privateKeyPem);
  const der = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const fingerprint = `SHA256:${createHash('sha256').update(der).digest('base64')}`;
  // A locator's region is no part of the name.
  const subject = `${account.split('.')[0]}.${user}`.toUpperCase();
  let current = { token: '', expires: 0 };
  return () => {
    const seconds = Math.floor(now() / 1000);
    if (seconds >= current.expires - RENEW_SECONDS_BEFORE) {
      const expires = seconds + LIFETIME_SECONDS;
      const claims = { iss: `${subject}.${fingerprint}`, sub: subject, iat: seconds, exp: expires };
      const signed = `${base64url({ alg: 'RS256', typ: 'JWT' })}.${base64url(claims)}`;
      current = { token: `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`, expires };
    }
    return current.token;
  };
}

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function readKey(pem: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new Error('Cannot sign in to Snowflake: the secret holds no private key, allowed is PKCS#8 in PEM');
  }
}
