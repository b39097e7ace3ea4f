/** The platform's network: three zones, no way out to the internet. */
import {
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
import { Construct } from 'constructs';

const KAFKA_IAM_PORT = Port.tcp(9098);

/**
 * What runs inside reaches AWS through PrivateLink, which needs no NAT gateway:
 * Lambda and STS are for the pollers of the Kafka event source mappings, which sit in the cluster's subnets;
 * SSM (the catalog) and S3 (the compiled contracts) are for the proxy, and S3 (the lake) for functions of events.
 */
export class Network extends Construct {
  readonly vpc: IVpc;
  readonly subnets: ISubnet[];
  /** The brokers' and, because a mapping takes its cluster's group, the pollers'. */
  readonly clusterSecurityGroup: SecurityGroup;
  readonly proxySecurityGroup: SecurityGroup;
  /** That of the events' functions which read Kafka themselves. */
  readonly functionSecurityGroup: SecurityGroup;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.0.0.0/16'),
      maxAzs: 3,
      natGateways: 0,
      subnetConfiguration: [{ name: 'Isolated', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 20 }],
      // Nothing uses the default group, and emptying it would take a custom resource.
      restrictDefaultSecurityGroup: false,
    });
    // CDK's own declarations do not fit each other under exactOptionalPropertyTypes.
    this.vpc = vpc as IVpc;
    this.subnets = vpc.isolatedSubnets;
    this.addEndpoints();
    this.clusterSecurityGroup = new SecurityGroup(this, 'ClusterSecurityGroup', {
      vpc: this.vpc,
      description: 'Kafka brokers and the pollers of event source mappings',
    });
    this.proxySecurityGroup = new SecurityGroup(this, 'ProxySecurityGroup', {
      vpc: this.vpc,
      description: 'The ingest proxy',
    });
    this.functionSecurityGroup = new SecurityGroup(this, 'FunctionSecurityGroup', {
      vpc: this.vpc,
      description: 'Functions of events that read Kafka themselves',
    });
    const { clusterSecurityGroup: cluster, proxySecurityGroup: proxy, functionSecurityGroup: functions } = this;
    cluster.addIngressRule(cluster, KAFKA_IAM_PORT, 'Pollers to brokers');
    cluster.addIngressRule(proxy, KAFKA_IAM_PORT, 'Proxy to brokers');
    cluster.addIngressRule(functions, KAFKA_IAM_PORT, 'Functions of events to brokers');
  }

  private addEndpoints(): void {
    this.vpc.addGatewayEndpoint('S3', { service: GatewayVpcEndpointAwsService.S3 });
    const { LAMBDA, STS, SSM } = InterfaceVpcEndpointAwsService;
    for (const [name, service] of Object.entries({ Lambda: LAMBDA, Sts: STS, Ssm: SSM })) {
      this.vpc.addInterfaceEndpoint(name, { service });
    }
  }
}
