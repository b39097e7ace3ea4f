/** Files that are uploaded at a deployment, written straight into the assembly. */
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { type FileAssetLocation, FileAssetPackaging, Stack, Stage } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { type Files, writeWholeFolder } from './whole-folder.ts';

/** Files and the hash of their contents, so that what many stacks share is hashed once. */
export interface HashedFiles {
  readonly files: Files;
  readonly hash: string;
}

/** The same files give the same hash on every machine. */
export function hashFiles(files: Files): HashedFiles {
  const hash = createHash('sha256');
  for (const [name, contents] of Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}\0${contents.length}\0`).update(contents);
  }
  return { files, hash: hash.digest('hex') };
}

/**
 * One zip of the files, such as a function's code. They are written once per assembly, however many stacks use them;
 * CDK's own `Asset` would write, copy and hash them again for each.
 */
export function zippedAsset(scope: Construct, { files, hash }: HashedFiles): FileAssetLocation {
  const folder = join(assetFolder(scope), `asset.${hash}`);
  if (!existsSync(folder)) {
    writeWholeFolder(folder, files);
  }
  return declare(scope, FileAssetPackaging.ZIP_DIRECTORY, hash, folder);
}

/** One object as it is; its key ends as `name` does. */
export function fileAsset(scope: Construct, name: string, contents: string): FileAssetLocation {
  const { hash } = hashFiles({ [name]: contents });
  const file = join(assetFolder(scope), `asset.${hash}${extname(name)}`);
  writeFileSync(file, contents);
  return declare(scope, FileAssetPackaging.FILE, hash, file);
}

function declare(scope: Construct, packaging: FileAssetPackaging, sourceHash: string, path: string): FileAssetLocation {
  return Stack.of(scope).synthesizer.addFileAsset({ packaging, sourceHash, fileName: basename(path) });
}

function assetFolder(scope: Construct): string {
  const stage = Stage.of(scope);
  if (stage === undefined) {
    throw new Error(`Cannot add an asset to "${scope.node.path}": it is in no app, only stacks of an app have assets`);
  }
  return stage.assetOutdir;
}
