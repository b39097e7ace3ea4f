import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAssembly } from '../../local/assembly.ts';
import { HostError } from '../../local/host-error.ts';
import { temporaryFolder, writeAssembly } from './fixture-assembly.ts';

const bucket = { Type: 'AWS::S3::Bucket' };

test('readAssembly gives stacks after those they depend on, with their assets but not their templates', () => {
  const dir = writeAssembly({
    Last: { template: { Resources: { B: bucket } }, dependsOn: ['First'], files: { 'a.json': '{}' } },
    First: { template: { Resources: { A: bucket } }, handlers: { f: '' } },
  });
  const stacks = readAssembly(dir);
  expect(stacks.map(({ name }) => name)).toEqual(['First', 'Last']);
  expect(stacks[0]?.template.Resources).toEqual({ A: bucket });
  expect(stacks.flatMap(({ assets }) => assets).map(({ key, packaging }) => [key, packaging])).toEqual([
    ['f.zip', 'zip'],
    ['a.json', 'file'],
  ]);
  expect(stacks[1]?.dependsOn).toEqual(['First']);
});

test('readAssembly says to run cdk synth when the folder is no assembly', () => {
  const dir = temporaryFolder();
  expect(() => readAssembly(dir)).toThrow(
    new HostError(`Cannot start "${dir}": it has no manifest.json, run cdk synth first`),
  );
});

test('readAssembly names a file that a stale assembly lacks', () => {
  const withoutAsset = writeAssembly({ S: { template: {}, files: { 'a.json': '{}' } } });
  rmSync(join(withoutAsset, 'asset.a.json'));
  expect(() => readAssembly(withoutAsset)).toThrow(/incomplete, "asset\.a\.json" is missing, run cdk synth again/);
  const withoutTemplate = writeAssembly({ S: { template: {} } });
  rmSync(join(withoutTemplate, 'S.template.json'));
  expect(() => readAssembly(withoutTemplate)).toThrow(HostError);
});

test('readAssembly refuses stages rather than leaving their stacks out', () => {
  const dir = writeAssembly({ S: { template: {} } });
  const nested = { type: 'cdk:cloud-assembly', properties: { directoryName: 'assembly-Prod' } };
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify({ artifacts: { 'assembly-Prod': nested } }));
  expect(() => readAssembly(dir)).toThrow(/has stages/);
});

test('readAssembly refuses an assembly without stacks and a manifest that is no JSON', () => {
  const dir = writeAssembly({});
  expect(() => readAssembly(dir)).toThrow(/holds no stack/);
  writeFileSync(join(dir, 'manifest.json'), '{');
  expect(() => readAssembly(dir)).toThrow(/manifest\.json": SyntaxError/);
});
