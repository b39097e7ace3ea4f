/** The form in which each Kafka API is described: its key, versions and the two message types. */

import type { ReadOf, WireType, WriteOf } from './wire-type.ts';

/**
 * One API. The messages follow Kafka's own definitions (clients/src/main/resources/common/message in apache/kafka);
 * fields that name the same thing have the same name in all of them: `topics`, `topic`, `partitions`, `partition`,
 * `errorCode`. That lets one function make an error answer for any request.
 */
export interface Api<Request extends WireType<unknown, never>, Response extends WireType<unknown, never>> {
  readonly key: number;
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
  /** The first flexible version (KIP-482). */
  readonly flexibleFrom: number;
  readonly request: Request;
  readonly response: Response;
}

/** Any API, for tables of them. */
export type AnyApi = Api<WireType<unknown, never>, WireType<unknown, never>>;
/** What a handler of the API receives. */
export type RequestOf<A extends AnyApi> = ReadOf<A['request']>;
/** What a handler of the API answers. */
export type ResponseOf<A extends AnyApi> = WriteOf<A['response']>;

/** Declares an API with `versions` as [first, last]; pass `Infinity` as `flexibleFrom` when none is flexible. */
export function api<Request extends WireType<unknown, never>, Response extends WireType<unknown, never>>(
  key: number,
  name: string,
  versions: readonly [number, number],
  flexibleFrom: number,
  messages: { readonly request: Request; readonly response: Response },
): Api<Request, Response> {
  return { key, name, minVersion: versions[0], maxVersion: versions[1], flexibleFrom, ...messages };
}
