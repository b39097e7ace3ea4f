/** The event's entry in the catalog, by which the proxy gets to know it without a deployment of its own. */
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { CatalogParameter } from '../../pipeline/adapters/ssm-catalog.ts';
import { catalogParameterName } from '../../pipeline/contract/names.ts';
import type { ContractAsset } from './contract-asset.ts';

/** What the proxy gets to know about an event. */
export interface CatalogEntryProps {
  readonly event: string;
  readonly asset: ContractAsset;
  /** The registry's ids of the versions, oldest first. */
  readonly schemaVersionIds: readonly string[];
}

/** One SSM parameter, at most 4 KB: `checkEventQuotas` bounds the versions. */
export function catalogEntry(scope: Construct, id: string, props: CatalogEntryProps): StringParameter {
  const { event, asset, schemaVersionIds } = props;
  const value = {
    contractBucket: asset.bucketName,
    contractKey: asset.key,
    schemaVersionIds,
  } satisfies CatalogParameter;
  return new StringParameter(scope, id, {
    parameterName: catalogParameterName(event),
    description: `The deployed contract of ${event}`,
    stringValue: Stack.of(scope).toJsonString(value),
  });
}
