/** More events, made of one that there is. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Copies `schemas/<source>` under another name; what `yaml` says goes before the source's contract. @returns the folder. */
export function copyEvent(schemas: string, source: string, name: string, yaml = ''): string {
  const folder = join(schemas, name);
  cpSync(join('schemas', source), folder, { recursive: true });
  rmSync(join(folder, 'examples'), { recursive: true });
  const proto = join(folder, 'v1.proto');
  const message = (event: string): string => `message ${pascalCase(event)} {`;
  writeFileSync(proto, readFileSync(proto, 'utf8').replace(message(source), message(name)));
  const contract = join(folder, 'event.yaml');
  const replaced = new Set([...yaml.matchAll(/^\w+:/gm)].map(([key]) => key));
  const kept = readFileSync(contract, 'utf8')
    .split('\n')
    .filter((line) => !replaced.has(/^\w+:/.exec(line)?.[0] ?? ''));
  writeFileSync(contract, kept.join('\n') + yaml);
  return folder;
}

const pascalCase = (event: string): string =>
  event
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
