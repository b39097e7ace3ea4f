/** AWS::Glue::Registry, Schema and SchemaVersion. */
import { createHash } from 'node:crypto';
import { localArn } from '../aws/account.ts';
import type { CreateResource } from './deployment.ts';
import { expectProperties } from './property-check.ts';

export const createRegistry: CreateResource = async ({ properties }) => {
  expectProperties(properties, ['Name'], ['Description', 'Tags']);
  const arn = localArn('glue', `registry/${properties['Name']}`);
  return { ref: arn, attributes: { Arn: arn } };
};

/** Compatibility is checked when contracts compile, so the laptop's registry accepts every version. */
export const createSchema: CreateResource = async ({ properties }, { schemas }) => {
  const withoutEffect = ['CheckpointVersion', 'Compatibility', 'DataFormat', 'Description', 'Tags'];
  expectProperties(properties, ['Name', 'Registry', 'SchemaDefinition'], withoutEffect);
  const { Name, Arn } = properties['Registry'] as { readonly Name?: string; readonly Arn?: string };
  const registryName = Name ?? Arn?.split('/').at(-1) ?? '';
  const arn = localArn('glue', `schema/${registryName}/${properties['Name']}`);
  schemas.register(arn, String(properties['SchemaDefinition']));
  return { ref: arn, attributes: { Arn: arn, InitialSchemaVersionId: versionId(arn, properties['SchemaDefinition']) } };
};

export const createSchemaVersion: CreateResource = async ({ properties }, { schemas }) => {
  expectProperties(properties, ['Schema', 'SchemaDefinition'], []);
  const { SchemaArn, RegistryName, SchemaName } = properties['Schema'] as Readonly<Record<string, string | undefined>>;
  const arn = SchemaArn ?? localArn('glue', `schema/${RegistryName}/${SchemaName}`);
  schemas.register(arn, String(properties['SchemaDefinition']));
  const id = versionId(arn, properties['SchemaDefinition']);
  return { ref: id, attributes: { VersionId: id } };
};

/** Framed records carry this id, so it must be the same in every run: a UUID of version 5 over schema and definition. */
function versionId(schemaArn: string, definition: unknown): string {
  const bytes = createHash('sha1').update(`${schemaArn}\0${definition}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
