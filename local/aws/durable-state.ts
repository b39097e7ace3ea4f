/** What survives a restart: object bodies as files, everything else in one SQLite database. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { S3Error } from '../../node_modules/fauxqs/dist/common/errors.js';
import { PersistenceManager } from '../../node_modules/fauxqs/dist/persistence.js';
import type { S3Object } from '../../node_modules/fauxqs/dist/s3/s3Types.js';

/** Called inside the transaction that stores the object, so that what it stores is stored with the object or not at all. */
export type OnStored = (bucket: string, object: S3Object, eventName: string) => void;

const NO_BODY = Buffer.alloc(0);

/**
 * `fauxqs`'s SQLite persistence with each object's body in a file `<folder>/s3/<bucket>/<key>`, where people can look at
 * it. The row is the truth and the file follows it: the body is written beside, the row and the notifications commit in
 * one transaction together with a note of the file to move, then the file is moved. A SIGKILL at any point leaves the
 * old object or the new one; `finishMoves` completes what was interrupted. (`fauxqs`'s own file persistence
 * writes body and metadata in place: a kill between them leaves a half object or JSON that fails to load.)
 */
export class DurableState extends PersistenceManager {
  onStored: OnStored = () => {};
  readonly #objectsDir: string;
  readonly #stagingDir: string;
  readonly #database: DatabaseSync;

  constructor(dataDir: string) {
    super(join(dataDir, 'aws'));
    this.#objectsDir = join(dataDir, 's3');
    this.#stagingDir = join(dataDir, 'aws', 'staging');
    this.#database = Reflect.get(this, 'db') as DatabaseSync;
    // A process that dies cannot lose what SQLite has written; only a power cut could, and that is not worth an fsync.
    this.#database.exec('PRAGMA synchronous = OFF');
    this.#database.exec('CREATE TABLE IF NOT EXISTS moves (staged TEXT PRIMARY KEY, target TEXT NOT NULL)');
    // The consumers were children of the host that is gone: nobody can still hold a receipt.
    this.#database.exec('UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL');
    mkdirSync(this.#stagingDir, { recursive: true });
    this.#finishMoves();
  }

  override upsertObject(bucket: string, object: S3Object): void {
    this.#store(bucket, object, 'ObjectCreated:Put');
  }

  override completeMultipartUpload(uploadId: string, bucket: string, object: S3Object): void {
    this.#store(bucket, object, 'ObjectCreated:CompleteMultipartUpload');
    this.deleteMultipartUpload(uploadId);
  }

  /** People can delete files as well as look at them. */
  override readBody(bucket: string, key: string): Buffer {
    try {
      return readFileSync(this.#bodyFile(bucket, key));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new S3Error('NoSuchKey', `The file of "${key}" is gone from the data folder`, 404);
    }
  }

  override deleteObject(bucket: string, key: string): void {
    super.deleteObject(bucket, key);
    rmSync(this.#bodyFile(bucket, key), { force: true });
  }

  /** fauxqs nulls the receive count too, which its own table forbids. */
  override updateMessageReady(messageId: string): void {
    this.#database
      .prepare('UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?')
      .run(messageId);
  }

  #store(bucket: string, object: S3Object, eventName: string): void {
    const target = this.#bodyFile(bucket, object.key);
    prepareFolder(target, object.key);
    const staged = join(this.#stagingDir, randomUUID());
    writeFileSync(staged, object.body);
    this.#database.exec('BEGIN');
    try {
      super.upsertObject(bucket, { ...object, body: NO_BODY });
      this.#database.prepare('INSERT INTO moves (staged, target) VALUES (?, ?)').run(staged, target);
      this.onStored(bucket, object, eventName);
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      rmSync(staged, { force: true });
      throw error;
    }
    this.#move(staged, target);
  }

  #move(staged: string, target: string): void {
    renameSync(staged, target);
    this.#database.prepare('DELETE FROM moves WHERE staged = ?').run(staged);
  }

  #finishMoves(): void {
    for (const row of this.#database.prepare('SELECT staged, target FROM moves ORDER BY rowid').all()) {
      const staged = String(row['staged']);
      if (existsSync(staged)) renameSync(staged, String(row['target']));
    }
    this.#database.exec('DELETE FROM moves');
    for (const name of readdirSync(this.#stagingDir)) rmSync(join(this.#stagingDir, name));
  }

  #bodyFile(bucket: string, key: string): string {
    return join(this.#objectsDir, bucket, ...pathSegments(key));
  }
}

function pathSegments(key: string): string[] {
  const segments = key.split('/');
  const unusable = segments.some(
    (segment) => segment === '' || segment === '.' || segment === '..' || Buffer.byteLength(segment) > 255,
  );
  if (unusable || key.includes('\0')) throw keyError(key, 'each part between slashes must be a file name');
  return segments;
}

/** A file system cannot hold both `a` and `a/b`; S3 can. */
function prepareFolder(target: string, key: string): void {
  try {
    mkdirSync(dirname(target), { recursive: true });
  } catch {
    throw keyError(key, 'another key has the name of its folder');
  }
  if (statSync(target, { throwIfNoEntry: false })?.isDirectory())
    throw keyError(key, 'other keys have it as their folder');
}

function keyError(key: string, reason: string): S3Error {
  return new S3Error(
    'InvalidArgument',
    `Cannot store "${key}": ${reason}, because the laptop keeps objects as files`,
    400,
  );
}
