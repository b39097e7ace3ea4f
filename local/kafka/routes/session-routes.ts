/** ApiVersions and SASL. */

import type { RequestOf, ResponseOf } from '../../../pipeline/kafka/api.ts';
import { errorCode, KafkaError } from '../../../pipeline/kafka/error-code.ts';
import { apiVersions, saslAuthenticate, saslHandshake } from '../../../pipeline/kafka/session-apis.ts';
import { type Route, route, type Session } from './route.ts';

/** Whether a credential is good, and for how long: then the client has to authenticate again (KIP-368). */
export type CredentialVerdict = boolean | { readonly lifetimeMs: number };

/** The checks of the mechanisms that the broker offers; with none, no client has to authenticate. */
export interface SaslChecks {
  readonly plain?: (username: string, password: string) => CredentialVerdict | Promise<CredentialVerdict>;
  /** Takes the bearer token as the client sent it. */
  readonly oauthBearer?: (token: string) => CredentialVerdict | Promise<CredentialVerdict>;
}

const separator = '\u0001';
const tokenField = 'auth=Bearer ';

/** The APIs that a client may use before it has authenticated. */
export const unauthenticatedApis: readonly number[] = [apiVersions.key, saslHandshake.key, saslAuthenticate.key];

export function sessionRoutes(
  versions: () => ResponseOf<typeof apiVersions>['apiKeys'],
  checks: SaslChecks | undefined,
  now: () => number,
): readonly Route[] {
  const mechanisms = [...(checks?.plain ? ['PLAIN'] : []), ...(checks?.oauthBearer ? ['OAUTHBEARER'] : [])];
  return [
    route(apiVersions, () => ({ errorCode: errorCode.none, apiKeys: versions() })),
    route(saslHandshake, ({ mechanism }, { session }) => {
      if (checks === undefined) return { errorCode: errorCode.illegalSaslState };
      if (!mechanisms.includes(mechanism)) return { errorCode: errorCode.unsupportedSaslMechanism, mechanisms };
      session.mechanism = mechanism;
      return { errorCode: errorCode.none, mechanisms };
    }),
    route(saslAuthenticate, (request, { session }) => authenticate(request, session, checks, now)),
  ];
}

async function authenticate(
  { authBytes }: RequestOf<typeof saslAuthenticate>,
  session: Session,
  checks: SaslChecks | undefined,
  now: () => number,
): Promise<ResponseOf<typeof saslAuthenticate>> {
  if (checks === undefined || session.mechanism === undefined) {
    throw new KafkaError('illegalSaslState', 'Cannot authenticate: SaslHandshake chooses a mechanism first');
  }
  const message = authBytes.toString('utf8');
  const verdict = session.mechanism === 'PLAIN' ? await checkPlain(message, checks) : await checkToken(message, checks);
  session.mechanism = undefined;
  if (verdict === false) throw new KafkaError('saslAuthenticationFailed', 'Authentication failed: Invalid credentials');
  const lifetimeMs = verdict === true ? 0 : verdict.lifetimeMs;
  session.authenticatedUntil = verdict === true ? Number.POSITIVE_INFINITY : now() + lifetimeMs;
  return { errorCode: errorCode.none, sessionLifetimeMs: lifetimeMs };
}

/** RFC 4616: authorization identity, user name and password with NUL between them. */
function checkPlain(message: string, { plain }: SaslChecks): CredentialVerdict | Promise<CredentialVerdict> {
  const [, username = '', password] = message.split('\0');
  return password === undefined || plain === undefined ? false : plain(username, password);
}

/** RFC 7628 section 3.1: a GS2 header and key-value pairs with 0x01 between them. */
function checkToken(message: string, { oauthBearer }: SaslChecks): CredentialVerdict | Promise<CredentialVerdict> {
  const field = message.split(separator).find((one) => one.startsWith(tokenField));
  if (field === undefined || oauthBearer === undefined) return false;
  return oauthBearer(field.slice(tokenField.length));
}
