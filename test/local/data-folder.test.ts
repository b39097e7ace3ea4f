import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openDataFolder } from '../../local/data-folder.ts';
import { HostError } from '../../local/host-error.ts';
import { temporaryFolder } from './fixture-assembly.ts';

const MODULE = pathToFileURL(join(import.meta.dirname, '../../local/data-folder.ts')).href;

/** Runs `script` with openDataFolder in another process. */
function inOtherProcess(script: string): string {
  const source = `import { openDataFolder } from ${JSON.stringify(MODULE)};\n${script}`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' }).stdout;
}

test('openDataFolder refuses a second host, naming folder and process', () => {
  const path = join(temporaryFolder(), 'data');
  const folder = openDataFolder(path);
  const message = `Cannot use the data folder "${path}": process ${process.pid} uses it, stop that one first`;
  expect(() => openDataFolder(path)).toThrow(new HostError(message));
  const other = inOtherProcess(`try { openDataFolder(${JSON.stringify(path)}) } catch (e) { console.log(e.message) }`);
  expect(other.trim()).toBe(message);
  folder.unlock();
  openDataFolder(path).unlock();
});

test('openDataFolder takes over the folder of a host that was killed', () => {
  const path = join(temporaryFolder(), 'data');
  inOtherProcess(`openDataFolder(${JSON.stringify(path)}); process.kill(process.pid, 'SIGKILL');`);
  expect(existsSync(join(path, 'host.pid'))).toBe(true);
  openDataFolder(path).unlock();
});

test('openDataFolder says in one line that a folder cannot be written', () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  expect(() => openDataFolder(join(file, 'data'))).toThrow(HostError);
  expect(() => openDataFolder(join(file, 'data'))).toThrow(/^Cannot write to the data folder ".*": ENOTDIR.*[^\n]$/);
});

test('openDataFolder keeps to the Kafka cluster of the first start, until it starts from nothing', () => {
  const path = join(temporaryFolder(), 'data');
  const folder = openDataFolder(path);
  folder.expectKafkaCluster('first');
  folder.expectKafkaCluster('first');
  const reason = 'it was used with another Kafka cluster, first, and this one is second';
  expect(() => folder.expectKafkaCluster('second')).toThrow(
    new HostError(`Cannot use the data folder "${path}": ${reason}, take another --dir or the same Kafka`),
  );
  folder.unlock();
  const empty = openDataFolder(path, true);
  empty.expectKafkaCluster('second');
  empty.unlock();
});

test('openDataFolder knows the folder by its id, until it starts from nothing', () => {
  const path = join(temporaryFolder(), 'data');
  const idOf = (fresh: boolean) => {
    const folder = openDataFolder(path, fresh);
    folder.unlock();
    return folder.id;
  };
  const id = idOf(false);
  expect(id).toMatch(/^[0-9a-f]{8}$/);
  expect(idOf(false)).toBe(id);
  expect(idOf(true)).not.toBe(id);
});

test('openDataFolder can start from nothing, but not under another host', () => {
  const path = join(temporaryFolder(), 'data');
  const folder = openDataFolder(path);
  mkdirSync(join(path, 's3', 'bucket'), { recursive: true });
  writeFileSync(join(path, 's3', 'bucket', 'object'), '');
  expect(() => openDataFolder(path, true)).toThrow(HostError);
  expect(existsSync(join(path, 's3', 'bucket', 'object'))).toBe(true);
  folder.unlock();
  openDataFolder(path, true).unlock();
  expect(readdirSync(path).sort()).toEqual(['folder-id', 'host.lock', 'host.pid', 'logs', 'tmp']);
});
