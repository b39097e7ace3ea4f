/** The catalog of deployed events: an SSM parameter for each, which points at the compiled contract in S3. */
import { S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { EVENT_NAME_PATTERN } from '../contract/names.ts';
import { readCompiledContract } from '../contract/read-compiled-contract.ts';
import type { Catalog, CatalogEntry } from '../ports.ts';
import { s3ObjectStore } from './s3-object-store.ts';

/** The JSON in an event's parameter; the event's stack writes it. */
export interface CatalogParameter {
  readonly contractBucket: string;
  readonly contractKey: string;
  readonly schemaVersionIds: readonly string[];
}

/** How long a deployed change, or a first deploy, may go unnoticed by a warm function. */
const FOUND_MS = 60_000;
const MISSING_MS = 5_000;
/** Bounds the memory that requests for made-up events can claim. */
const CACHED_EVENTS_MAX = 1_000;

interface Cached {
  readonly entry: CatalogEntry | undefined;
  readonly expires: number;
  readonly parameter: string | undefined;
}

/**
 * While SSM or S3 fail, events that were found before stay known; `find` throws for the others.
 * @param path the SSM path under which each event has its parameter, without a trailing slash.
 * @param now milliseconds since the epoch.
 */
export function ssmCatalog(path: string, now: () => number, ssm = new SSMClient({}), s3 = new S3Client({})): Catalog {
  const cache = new Map<string, Cached>();
  return {
    async find(event) {
      const cached = cache.get(event);
      if (cached && now() < cached.expires) {
        return cached.entry;
      }
      const fresh = await lookUp(event, cached).catch((error: unknown) => {
        if (cached?.entry) {
          return { ...cached, expires: now() + MISSING_MS };
        }
        throw error;
      });
      if (cache.size >= CACHED_EVENTS_MAX) {
        cache.clear();
      }
      cache.set(event, fresh);
      return fresh.entry;
    },
  };

  async function lookUp(event: string, cached: Cached | undefined): Promise<Cached> {
    const parameter = EVENT_NAME_PATTERN.test(event) ? await readParameter(ssm, `${path}/${event}`) : undefined;
    // The same entry object as long as nothing changed: encoders are compiled once for each entry.
    const unchanged = cached !== undefined && cached.parameter === parameter;
    const entry = unchanged ? cached.entry : await readEntry(parameter, s3);
    return { entry, parameter, expires: now() + (entry ? FOUND_MS : MISSING_MS) };
  }
}

async function readParameter(ssm: SSMClient, name: string): Promise<string | undefined> {
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name }));
    return Parameter?.Value;
  } catch (error) {
    if (error instanceof ParameterNotFound) {
      return undefined;
    }
    throw error;
  }
}

async function readEntry(parameter: string | undefined, s3: S3Client): Promise<CatalogEntry | undefined> {
  if (parameter === undefined) {
    return undefined;
  }
  const { contractBucket, contractKey, schemaVersionIds } = JSON.parse(parameter) as CatalogParameter;
  const contract = await readCompiledContract(s3ObjectStore(contractBucket, s3), contractKey);
  return { contract, schemaVersionIds };
}
