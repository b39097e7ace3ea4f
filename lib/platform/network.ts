/** The platform's network: three zones, no way out to the internet. */
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type ISubnet,
  type IVpc,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { RemovalPolicies, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { LOG_RETENTION, type NetworkPlan } from '../config.ts';
import { KEPT } from '../kept.ts';

const KAFKA_IAM_PORT = Port.tcp(9098);
const HTTPS = Port.tcp(443);

/** Of a network's parts all but the flow log. */
const KEPT_WITH_THE_CLUSTER = [
  ...['VPC', 'Subnet', 'RouteTable', 'SubnetRouteTableAssociation', 'VPCEndpoint'],
  ...['SecurityGroup', 'SecurityGroupIngress'],
].map((kind) => `AWS::EC2::${kind}`);

/**
 * What runs inside reaches AWS through PrivateLink, which needs no NAT gateway:
 * Lambda and STS are for the pollers of the Kafka event source mappings, which sit in the cluster's subnets;
 * SSM (the catalog), SQS (the relay's queue) and S3 (the compiled contracts) are for the proxy, and S3 (the lake) for functions of events.
 */
export class Network extends Construct {
  readonly vpc: IVpc;
  readonly subnets: ISubnet[];
  /** Of the three subnets. */
  readonly subnetIds: readonly [string, string, string];
  /** The brokers' and, because a mapping takes its cluster's group, the pollers'. */
  readonly clusterSecurityGroup: SecurityGroup;
  readonly proxySecurityGroup: SecurityGroup;
  /** That of the events' functions which read Kafka themselves. */
  readonly functionSecurityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, plan: NetworkPlan) {
    super(scope, id);
    this.vpc = 'cidr' in plan ? this.newVpc(plan.cidr) : Vpc.fromVpcAttributes(this, 'Vpc', existingVpc(plan));
    this.subnets = this.vpc.isolatedSubnets;
    this.subnetIds = three(this.subnets.map(({ subnetId }) => subnetId));
    const cluster = this.securityGroup('Cluster', 'Kafka brokers and the pollers of event source mappings');
    const proxy = this.securityGroup('Proxy', 'The ingest proxy');
    const functions = this.securityGroup('Function', 'Functions of events that read Kafka themselves');
    cluster.addIngressRule(cluster, KAFKA_IAM_PORT, 'Pollers to brokers');
    cluster.addIngressRule(proxy, KAFKA_IAM_PORT, 'Proxy to brokers');
    cluster.addIngressRule(functions, KAFKA_IAM_PORT, 'Functions of events to brokers');
    if ('cidr' in plan || plan.endpoints === 'add') {
      this.addEndpoints([cluster, proxy, functions]);
    }
    this.outliveTheStack();
    this.clusterSecurityGroup = cluster;
    this.proxySecurityGroup = proxy;
    this.functionSecurityGroup = functions;
  }

  /** A retained cluster cannot be moved: without its subnets, groups and endpoints nobody could read it out. */
  private outliveTheStack(): void {
    RemovalPolicies.of(this).apply(KEPT, { applyToResourceTypes: KEPT_WITH_THE_CLUSTER });
  }

  private newVpc(cidr: string): IVpc {
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(cidr),
      maxAzs: 3,
      natGateways: 0,
      subnetConfiguration: [{ name: 'Isolated', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 20 }],
      // Nothing uses the default group, and emptying it would take a custom resource.
      restrictDefaultSecurityGroup: false,
    });
    const logGroup = new LogGroup(this, 'FlowLogs', { retention: LOG_RETENTION, removalPolicy: RemovalPolicy.DESTROY });
    vpc.addFlowLog('FlowLog', {
      destination: FlowLogDestination.toCloudWatchLogs(logGroup),
      // Accepted traffic would be the events over again, at the price of logs.
      trafficType: FlowLogTrafficType.REJECT,
    });
    // CDK's own declarations do not fit each other under exactOptionalPropertyTypes.
    return vpc as IVpc;
  }

  private securityGroup(name: string, description: string): SecurityGroup {
    return new SecurityGroup(this, `${name}SecurityGroup`, { vpc: this.vpc, description });
  }

  private addEndpoints(clients: readonly SecurityGroup[]): void {
    const endpoints = this.securityGroup('Endpoint', 'The endpoints of AWS services');
    for (const client of clients) {
      endpoints.addIngressRule(client, HTTPS);
    }
    this.vpc.addGatewayEndpoint('S3', {
      service: GatewayVpcEndpointAwsService.S3,
      subnets: [{ subnets: this.subnets }],
    });
    const { LAMBDA, STS, SSM, SQS } = InterfaceVpcEndpointAwsService;
    for (const [name, service] of Object.entries({ Lambda: LAMBDA, Sts: STS, Ssm: SSM, Sqs: SQS })) {
      const subnets = { subnets: this.subnets };
      this.vpc.addInterfaceEndpoint(name, { service, subnets, securityGroups: [endpoints], open: false });
    }
  }
}

type ExistingVpc = Exclude<NetworkPlan, { readonly cidr: string }>;

/** By attributes: a look-up would need an account at synth. */
const existingVpc = ({ vpcId, availabilityZones, subnetIds, routeTableIds }: ExistingVpc) => ({
  vpcId,
  availabilityZones: [...availabilityZones],
  isolatedSubnetIds: [...subnetIds],
  isolatedSubnetRouteTableIds: [...routeTableIds],
});

function three(subnetIds: readonly string[]): readonly [string, string, string] {
  const [first, second, third] = subnetIds;
  if (first === undefined || second === undefined || third === undefined || subnetIds.length > 3) {
    throw new Error(
      `Cannot place brokers in ${subnetIds.length} subnets: allowed are three, each in a zone of its own`,
    );
  }
  return [first, second, third];
}
