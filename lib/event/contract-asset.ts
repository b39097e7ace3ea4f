/** The compiled contract as a file in the bucket of deployment assets. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
import { objectArn } from '../asset-bucket.ts';
import type { Permission } from '../node-function.ts';

/** Where the functions of the event find its contract, and the permission to read it. */
export interface ContractAsset {
  readonly bucketName: string;
  /** Named by the file's hash: a changed contract is a new object, and the functions start again with it. */
  readonly key: string;
  readonly read: Permission;
}

export function contractAsset(scope: Construct, id: string, contract: CompiledContract): ContractAsset {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-contract-'));
  try {
    const path = join(folder, `${contract.event}.json`);
    writeFileSync(path, JSON.stringify(contract));
    const { s3BucketName: bucketName, s3ObjectKey: key } = new Asset(scope, id, { path });
    return { bucketName, key, read: { actions: ['s3:GetObject'], resources: [objectArn(bucketName, key)] } };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
