/** The compiled contract as a file in the bucket of deployment assets. */
import { join } from 'node:path';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
import { objectArn } from '../asset-bucket.ts';
import type { Permission } from '../node-function.ts';
import { withTemporaryFolder } from '../temporary-folder.ts';

/** Where the functions of the event find its contract, and the permission to read it. */
export interface ContractAsset {
  readonly bucketName: string;
  /** Named by the file's hash: a changed contract is a new object, and the functions start again with it. */
  readonly key: string;
  readonly read: Permission;
}

/** The same contract gives the same bytes, and so the same key. */
export function contractAsset(scope: Construct, id: string, contract: CompiledContract): ContractAsset {
  const file = `${contract.event}.json`;
  const asset = withTemporaryFolder(
    { [file]: JSON.stringify(contract) },
    (folder) => new Asset(scope, id, { path: join(folder, file) }),
  );
  const { s3BucketName: bucketName, s3ObjectKey: key } = asset;
  return { bucketName, key, read: { actions: ['s3:GetObject'], resources: [objectArn(bucketName, key)] } };
}
