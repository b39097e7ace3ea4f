/** A Lambda function with its own role and its own log group. */
import type { ISecurityGroup, ISubnet, IVpc } from 'aws-cdk-lib/aws-ec2';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, type CodeConfig, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { type HashedFiles, zippedAsset } from './assembly-asset.ts';
import { BUNDLE_HANDLER, bundle } from './bundle.ts';
import { type FunctionSize, LOG_RETENTION } from './config.ts';

/** Some actions on some resources. */
export interface Permission {
  readonly actions: string[];
  readonly resources: string[];
  /** @default unconditional */
  readonly conditions?: Readonly<Record<string, unknown>>;
}

/** Where a function has its network interfaces. */
export interface FunctionNetwork {
  readonly vpc: IVpc;
  readonly subnets: ISubnet[];
  readonly securityGroup: ISecurityGroup;
}

/** What tells one function from another. */
export interface NodeFunctionProps {
  /** The folder in `lambdas/` whose `handler.ts` exports `handler`. */
  readonly source: string;
  readonly description: string;
  readonly size: FunctionSize;
  readonly environment: Record<string, string>;
  /** Everything the code may do; writing its own log is added. */
  readonly permissions: readonly Permission[];
  /** Packages left out of the bundle. @default none */
  readonly external?: readonly string[];
  /** @default no VPC: the function reaches AWS's public endpoints only */
  readonly network?: FunctionNetwork;
}

/**
 * Lambda creates and deletes the network interfaces of a function in a VPC with the function's role, and of an event
 * source mapping likewise. The actions that describe have no resource level, and an interface has no name before it
 * exists.
 */
export const NETWORK_INTERFACES: Permission = {
  actions: [
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSecurityGroups',
    'ec2:DescribeSubnets',
    'ec2:DescribeVpcs',
  ],
  resources: ['*'],
};

/** kafkajs sets timers in the past, which Node 24 reports at each start of a function that produces. */
const NODE_OPTIONS = '--enable-source-maps --disable-warning=TimeoutNegativeWarning';

/** The function, from the bundle of its source; nothing but its environment differs between events. */
export class NodeFunction extends Construct {
  readonly resource: LambdaFunction;

  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    super(scope, id);
    const { size, network } = props;
    const logGroup = new LogGroup(this, 'Logs', { retention: LOG_RETENTION, removalPolicy: RemovalPolicy.DESTROY });
    const logging = { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] };
    this.resource = new LambdaFunction(this, 'Function', {
      code: new BundleCode(bundle(props.source, props.external ?? [])),
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: BUNDLE_HANDLER,
      role: functionRole(this, [logging, ...props.permissions]),
      logGroup,
      environment: { ...props.environment, NODE_OPTIONS },
      memorySize: size.memoryMb,
      timeout: Duration.seconds(size.timeoutSeconds),
      ...(size.concurrencyMax === undefined ? {} : { reservedConcurrentExecutions: size.concurrencyMax }),
      ...(network && {
        vpc: network.vpc,
        vpcSubnets: { subnets: network.subnets },
        securityGroups: [network.securityGroup],
      }),
    });
  }
}

class BundleCode extends Code {
  readonly isInline = false;
  readonly #files: HashedFiles;

  constructor(files: HashedFiles) {
    super();
    this.#files = files;
  }

  override bind(scope: Construct): CodeConfig {
    const { bucketName, objectKey } = zippedAsset(scope, this.#files);
    return { s3Location: { bucketName, objectKey } };
  }
}

/** The permissions are part of the role itself, so that nothing that uses the role can be created before them. */
function functionRole(scope: Construct, permissions: readonly Permission[]): Role {
  const statements = permissions.map((permission) => new PolicyStatement(permission));
  return new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: { Permissions: new PolicyDocument({ statements }) },
  });
}
