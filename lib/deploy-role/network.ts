/** The platform's network. Its parts are found by ids that do not exist before. */
import { PLATFORM_STACK } from '../../pipeline/contract/names.ts';
import { actions, type Grant, types } from './grant.ts';

const PARTS = types(
  'EC2',
  'FlowLog RouteTable SecurityGroup SecurityGroupIngress Subnet SubnetRouteTableAssociation VPC VPCEndpoint',
);

export const NETWORK: readonly Grant[] = [
  {
    sid: 'NetworkRead',
    types: [...PARTS, 'AWS::Lambda::Function', 'AWS::MSK::Cluster', 'AWS::RedshiftServerless::Workgroup'],
    actions: actions(
      'ec2',
      `DescribeAccountAttributes DescribeAddresses DescribeAvailabilityZones DescribeFlowLogs DescribeInstances
       DescribeInternetGateways DescribeNetworkAcls DescribeNetworkInterfaces DescribeRouteTables
       DescribeSecurityGroupRules DescribeSecurityGroups DescribeSubnets DescribeTags DescribeVpcAttribute
       DescribeVpcEncryptionControls DescribeVpcEndpoints DescribeVpcs`,
    ).concat('autoscaling:DescribeTags'),
    resources: ['*'],
  },
  {
    sid: 'Network',
    types: [...PARTS, 'AWS::MSK::Cluster'],
    actions: actions(
      'ec2',
      `AssociateRouteTable AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateFlowLogs CreateRouteTable
       CreateSecurityGroup CreateSubnet CreateTags CreateVpc CreateVpcEndpoint DeleteTags DisassociateRouteTable
       ModifySubnetAttribute ModifyVpcAttribute ModifyVpcEndpoint ModifyVpcTenancy ReplaceRouteTableAssociation
       RevokeSecurityGroupEgress RevokeSecurityGroupIngress UpdateSecurityGroupRuleDescriptionsEgress
       UpdateSecurityGroupRuleDescriptionsIngress`,
    ),
    resources: ['*'],
  },
  {
    // By the tag that CloudFormation alone can set.
    sid: 'NetworkOfOurs',
    types: PARTS,
    actions: actions(
      'ec2',
      'DeleteFlowLogs DeleteRouteTable DeleteSecurityGroup DeleteSubnet DeleteVpc DeleteVpcEndpoints',
    ),
    resources: ['*'],
    conditions: { StringEquals: { 'aws:ResourceTag/aws:cloudformation:stack-name': PLATFORM_STACK } },
  },
];
