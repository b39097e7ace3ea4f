/** The APIs by which a connection starts: versions and authentication. */

import { api } from './api.ts';
import { array, bytes, from, int16, int32, int64, nullableString, optional, string, struct } from './wire-type.ts';

export const apiVersions = api(18, 'ApiVersions', [0, 4], 3, {
  request: struct({ clientSoftwareName: from(3, string, ''), clientSoftwareVersion: from(3, string, '') }),
  response: struct({
    errorCode: int16,
    apiKeys: optional(array(struct({ apiKey: int16, minVersion: int16, maxVersion: int16 })), []),
    throttleTimeMs: from(1, int32, 0),
  }),
});

export const saslHandshake = api(17, 'SaslHandshake', [0, 1], Number.POSITIVE_INFINITY, {
  request: struct({ mechanism: string }),
  response: struct({ errorCode: int16, mechanisms: optional(array(string), []) }),
});

export const saslAuthenticate = api(36, 'SaslAuthenticate', [0, 2], 2, {
  request: struct({ authBytes: bytes }),
  response: struct({
    errorCode: int16,
    errorMessage: optional(nullableString, null),
    authBytes: optional(bytes, Buffer.alloc(0)),
    sessionLifetimeMs: from(1, int64, 0),
  }),
});
