/** The warehouses that a stage has, as far as they are in the account, and what lets them and the loaders meet. */
import { CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { CfnDatabase } from 'aws-cdk-lib/aws-glue';
import { ArnPrincipal, CompositePrincipal, type PrincipalBase, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnNamespace, CfnWorkgroup } from 'aws-cdk-lib/aws-redshiftserverless';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Aws, Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { LAKE, REDSHIFT_BASE_RPU, type RemoteWarehouse, SNOWFLAKE_TRUST, WAREHOUSES } from '../config.ts';
import { KEPT } from '../kept.ts';
import type { PlatformValues } from '../platform-values.ts';
import type { Network } from './network.ts';

const REDSHIFT_ADMIN = 'headrace_admin';

type WarehouseValues = Pick<
  PlatformValues,
  | 'WarehouseReaderRoleArn'
  | 'WarehouseBucketName'
  | 'RedshiftWorkgroupArn'
  | 'RedshiftAdminSecretArn'
  | 'RedshiftSecretArn'
  | 'SnowflakeSecretArn'
>;

/** Tables and keys outlive the stack. */
export class Warehouses extends Construct {
  /** Of the warehouses that there are. */
  readonly values: WarehouseValues;

  constructor(scope: Construct, id: string, targets: readonly RemoteWarehouse[], network: Network) {
    super(scope, id);
    const reader = targets.some((target) => target !== 'athena') ? this.readerRole() : undefined;
    this.values = {
      ...(reader && { WarehouseReaderRoleArn: reader.roleArn }),
      ...(reader && targets.includes('redshift') && this.redshift(reader, network)),
      ...(targets.includes('snowflake') && this.snowflake()),
      ...(targets.includes('athena') && this.athena()),
    };
  }

  /**
   * It has no permission of its own: the policy of each lake lets it in. Without a condition on the account, as in
   * Redshift's documentation, because nothing says that COPY tells whose it is; a namespace takes the role only from
   * someone who may pass it.
   */
  private readerRole(): Role {
    const redshift: PrincipalBase[] = ['redshift', 'redshift-serverless'].map(
      (service) => new ServicePrincipal(`${service}.amazonaws.com`),
    );
    const snowflake = SNOWFLAKE_TRUST.map(({ userArn, externalId }) =>
      new ArnPrincipal(userArn).withConditions({ StringEquals: { 'sts:ExternalId': externalId } }),
    );
    return new Role(this, 'Reader', {
      description: 'Headrace: COPY of Redshift and the storage integration of Snowflake read lakes',
      assumedBy: new CompositePrincipal(...redshift, ...snowflake),
    });
  }

  /**
   * Loaders sign in through the Data API as a user of their own, whom the admin makes once, by hand: a custom resource
   * that did it would log the password. Nothing connects to the database itself.
   */
  private redshift(reader: Role, network: Network): WarehouseValues {
    const { workgroup: workgroupName, database: dbName } = WAREHOUSES.redshift;
    const admin = this.redshiftUser('RedshiftAdmin', REDSHIFT_ADMIN, 'the admin of Redshift');
    const loader = this.redshiftUser('RedshiftUser', WAREHOUSES.redshift.user, 'the user of the loaders in Redshift');
    const namespace = new CfnNamespace(this, 'RedshiftNamespace', {
      namespaceName: workgroupName,
      dbName,
      adminUsername: REDSHIFT_ADMIN,
      // A reference, which CloudFormation resolves when it deploys.
      adminUserPassword: admin.secretValueFromJson('password').unsafeUnwrap(),
      iamRoles: [reader.roleArn],
      defaultIamRoleArn: reader.roleArn,
      logExports: ['connectionlog', 'userlog'],
    });
    namespace.applyRemovalPolicy(KEPT);
    const securityGroup = new SecurityGroup(this, 'RedshiftSecurityGroup', {
      vpc: network.vpc,
      description: 'Redshift; the Data API needs no way in',
    });
    const workgroup = new CfnWorkgroup(this, 'RedshiftWorkgroup', {
      workgroupName,
      namespaceName: namespace.ref,
      baseCapacity: REDSHIFT_BASE_RPU,
      enhancedVpcRouting: true,
      publiclyAccessible: false,
      securityGroupIds: [securityGroup.securityGroupId],
      subnetIds: [...network.subnetIds],
    });
    return {
      RedshiftWorkgroupArn: workgroup.attrWorkgroupWorkgroupArn,
      RedshiftAdminSecretArn: admin.secretArn,
      RedshiftSecretArn: loader.secretArn,
    };
  }

  private redshiftUser(id: string, username: string, description: string): Secret {
    return new Secret(this, id, {
      description: `Headrace: ${description}`,
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username }),
        generateStringKey: 'password',
        // Redshift takes no others.
        excludeCharacters: '\'"\\/@ ',
        passwordLength: 32,
      },
      removalPolicy: KEPT,
    });
  }

  /** Holds a placeholder until the private key is put there by hand: a key in a template would be no secret. */
  private snowflake(): WarehouseValues {
    const secret = new Secret(this, 'SnowflakeKey', {
      description: 'Headrace: the private key of the user in Snowflake, PKCS#8 in PEM',
      removalPolicy: KEPT,
    });
    return { SnowflakeSecretArn: secret.secretArn };
  }

  private athena(): WarehouseValues {
    const { workgroup: name, database } = WAREHOUSES.athena;
    const bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      lifecycleRules: [
        { id: 'BrokenUploads', abortIncompleteMultipartUploadAfter: Duration.days(LAKE.brokenUploadDays) },
        { id: 'QueryResults', prefix: 'results/', expiration: Duration.days(LAKE.manifestDays) },
      ],
      removalPolicy: KEPT,
    });
    bucket.policy?.applyRemovalPolicy(KEPT);
    const glueDatabase = new CfnDatabase(this, 'AthenaDatabase', {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: { name: database, description: 'Headrace: the tables of events in Iceberg' },
    });
    glueDatabase.applyRemovalPolicy(KEPT);
    const workGroup = new CfnWorkGroup(this, 'AthenaWorkgroup', {
      name,
      description: 'Headrace: loads and audits',
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
        resultConfiguration: {
          outputLocation: `s3://${bucket.bucketName}/results/`,
          encryptionConfiguration: { encryptionOption: 'SSE_S3' },
        },
      },
    });
    // Athena refuses to delete a workgroup that has run a query, and the deletion of the stack would end there.
    workGroup.applyRemovalPolicy(KEPT);
    return { WarehouseBucketName: bucket.bucketName };
  }
}
