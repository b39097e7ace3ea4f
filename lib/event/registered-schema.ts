/** The event's schema in the registry, with all its versions. */
import { CfnSchema, CfnSchemaVersion } from 'aws-cdk-lib/aws-glue';
import { Construct } from 'constructs';
import type { CompiledContract } from '../../pipeline/contract/compiled-contract.ts';
import { PAYLOAD_FORMATS } from '../../pipeline/payload/payload-format.ts';
import { KEPT } from '../kept.ts';
import { platformValue } from '../platform-values.ts';

/**
 * Version 1 is part of the schema itself and can never change; each later one is a resource that waits for the one
 * before it, because the registry numbers versions in the order of their arrival.
 * All outlive the stack: the records of the retained topic name them.
 */
export class RegisteredSchema extends Construct {
  /** The registry's ids of the versions, oldest first. */
  readonly versionIds: readonly string[];

  constructor(scope: Construct, id: string, contract: CompiledContract) {
    super(scope, id);
    const schema = new CfnSchema(this, 'Schema', {
      registry: { arn: platformValue('SchemaRegistryArn') },
      name: contract.event,
      description: contract.description,
      dataFormat: PAYLOAD_FORMATS[contract.versions[0]?.format ?? 'protobuf'].glueDataFormat,
      compatibility: contract.compatibility,
      ...(contract.versions[0] && { schemaDefinition: contract.versions[0].definition }),
    });
    schema.applyRemovalPolicy(KEPT);
    this.versionIds = [schema.attrInitialSchemaVersionId, ...this.laterVersions(schema, contract)];
  }

  private laterVersions(schema: CfnSchema, contract: CompiledContract): string[] {
    let previous: CfnSchema | CfnSchemaVersion = schema;
    return contract.versions.slice(1).map(({ version, definition }) => {
      const later = new CfnSchemaVersion(this, `V${version}`, {
        schema: { schemaArn: schema.attrArn },
        schemaDefinition: definition,
      });
      later.applyRemovalPolicy(KEPT);
      later.addResourceDependency(previous);
      previous = later;
      return later.attrVersionId;
    });
  }
}
