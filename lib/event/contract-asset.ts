/** The compiled contract as a file in the bucket of deployment assets. */
import type { Construct } from 'constructs';
import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
import { fileAsset } from '../assembly-asset.ts';
import { objectArn } from '../asset-bucket.ts';
import type { Permission } from '../node-function.ts';

/** Where the functions of the event find its contract, and the permission to read it. */
export interface ContractAsset {
  readonly bucketName: string;
  /** Named by the file's hash: a changed contract is a new object, and the functions start again with it. */
  readonly key: string;
  readonly read: Permission;
}

/** The same contract gives the same bytes, and so the same key. */
export function contractAsset(scope: Construct, contract: CompiledContract): ContractAsset {
  const { bucketName, objectKey: key } = fileAsset(scope, `${contract.event}.json`, JSON.stringify(contract));
  return { bucketName, key, read: { actions: ['s3:GetObject'], resources: [objectArn(bucketName, key)] } };
}
