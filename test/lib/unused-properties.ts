/** Of what CloudFormation's handlers may call, the actions that our templates give them no reason for. */

/** Actions by the property that takes them, by resource type. No template sets the property; a test looks. */
export const UNUSED_PROPERTIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'AWS::ApiGatewayV2::Api': { BodyS3Location: 's3:getObject' },
  'AWS::ApiGatewayV2::Integration': { CredentialsArn: 'iam:PassRole' },
  'AWS::Athena::WorkGroup': {
    'WorkGroupConfiguration.ExecutionRole': 'iam:PassRole iam:CreateServiceLinkedRole',
    'WorkGroupConfiguration.ResultConfiguration.EncryptionConfiguration.KmsKey': 'kms:Decrypt kms:GenerateDataKey',
  },
  'AWS::EC2::FlowLog': { LogDestination: 's3:GetBucketPolicy s3:PutBucketPolicy iam:CreateServiceLinkedRole' },
  'AWS::EC2::Subnet': { Ipv6CidrBlock: 'ec2:AssociateSubnetCidrBlock ec2:DisassociateSubnetCidrBlock' },
  'AWS::EC2::VPC': { VpcEncryptionControl: 'ec2:CreateVpcEncryptionControl' },
  'AWS::EC2::VPCEndpoint': {
    ServiceNetworkArn:
      'vpc-lattice:CreateServiceNetworkVpcEndpointAssociation vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation',
    ServiceRegion: 'vpce:AllowMultiRegion',
  },
  'AWS::Glue::Database': {
    'DatabaseInput.FederatedDatabase':
      'glue:CreateConnection glue:DeleteConnection glue:GetConnection glue:PassConnection glue:UpdateConnection',
  },
  'AWS::IAM::Policy': {
    Groups: 'iam:DeleteGroupPolicy iam:GetGroupPolicy iam:PutGroupPolicy',
    Users: 'iam:DeleteUserPolicy iam:GetUserPolicy iam:PutUserPolicy',
  },
  'AWS::IAM::Role': { ManagedPolicyArns: 'iam:AttachRolePolicy iam:DetachRolePolicy' },
  'AWS::KMS::Key': { Enabled: 'kms:DisableKey kms:EnableKey' },
  'AWS::Lambda::EventSourceMapping': { KmsKeyArn: 'kms:Decrypt kms:DescribeKey kms:GenerateDataKey' },
  'AWS::Lambda::Function': {
    CapacityProviderConfig: 'lambda:PassCapacityProvider',
    'Code.S3ObjectVersion': 's3:GetObjectVersion',
    CodeSigningConfigArn:
      'lambda:DeleteFunctionCodeSigningConfig lambda:GetCodeSigningConfig lambda:PutFunctionCodeSigningConfig',
    FileSystemConfigs: 'elasticfilesystem:DescribeMountTargets s3files:ListMountTargets',
    FunctionScalingConfig: 'lambda:PutFunctionScalingConfig',
    KmsKeyArn: 'kms:CreateGrant kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey',
    Layers: 'lambda:GetLayerVersion',
    PublishToLatestPublished: 'lambda:PublishVersion',
    RecursiveLoop: 'lambda:PutFunctionRecursionConfig',
    RuntimeManagementConfig: 'lambda:PutRuntimeManagementConfig',
  },
  'AWS::Logs::LogGroup': {
    BearerTokenAuthenticationEnabled: 'logs:PutBearerTokenAuthentication',
    DataProtectionPolicy: 'firehose:TagDeliveryStream logs:PutDataProtectionPolicy s3:REST.PUT.OBJECT',
    DeletionProtectionEnabled: 'logs:PutLogGroupDeletionProtection',
    FieldIndexPolicies: 'logs:DeleteIndexPolicy logs:PutIndexPolicy',
    ResourcePolicyDocument: 'logs:DeleteResourcePolicy',
  },
  'AWS::MSK::Cluster': {
    'ClientAuthentication.Tls': 'acm-pca:GetCertificateAuthorityCertificate',
    'LoggingInfo.BrokerLogs.Firehose': 'firehose:TagDeliveryStream',
    'LoggingInfo.BrokerLogs.S3': 's3:GetBucketPolicy s3:PutBucketPolicy',
  },
  'AWS::RedshiftServerless::Namespace': {
    KmsKeyId:
      'kms:CancelKeyDeletion kms:CreateGrant kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey kms:GenerateDataKeyPair kms:ListGrants kms:RetireGrant kms:RevokeGrant kms:ScheduleKeyDeletion kms:TagResource kms:UntagResource',
    ManageAdminPassword:
      'secretsmanager:CreateSecret secretsmanager:DeleteSecret secretsmanager:DescribeSecret secretsmanager:RotateSecret secretsmanager:TagResource secretsmanager:UpdateSecret',
    NamespaceResourcePolicy: 'redshift:DeleteResourcePolicy redshift:PutResourcePolicy',
    SnapshotCopyConfigurations:
      'redshift-serverless:CreateSnapshotCopyConfiguration redshift-serverless:DeleteSnapshotCopyConfiguration redshift-serverless:UpdateSnapshotCopyConfiguration',
  },
  'AWS::RedshiftServerless::Workgroup': {
    RecoveryPointId: 'redshift-serverless:RestoreFromRecoveryPoint',
    SnapshotName: 'redshift-serverless:RestoreFromSnapshot',
  },
  'AWS::S3::Bucket': {
    AbacStatus: 's3:PutBucketAbac',
    AccelerateConfiguration: 's3:PutAccelerateConfiguration',
    AccessControl: 's3:PutBucketAcl s3:PutObjectAcl',
    AnalyticsConfigurations: 's3:DeleteBucketAnalyticsConfiguration s3:PutAnalyticsConfiguration',
    CorsConfiguration: 's3:DeleteBucketCors s3:PutBucketCORS',
    IntelligentTieringConfigurations: 's3:PutIntelligentTieringConfiguration',
    InventoryConfigurations: 's3:PutInventoryConfiguration',
    LoggingConfiguration: 's3:PutBucketLogging',
    MetadataConfiguration:
      's3:CreateBucketMetadataTableConfiguration s3:DeleteBucketMetadataTableConfiguration s3:UpdateBucketMetadataAnnotationTableConfiguration s3:UpdateBucketMetadataInventoryTableConfiguration s3:UpdateBucketMetadataJournalTableConfiguration',
    MetadataTableConfiguration:
      's3tables:CreateNamespace s3tables:CreateTable s3tables:CreateTableBucket s3tables:GetTable s3tables:GetTableMetadataLocation s3tables:PutTableBucketPolicy s3tables:PutTableEncryption s3tables:PutTablePolicy s3tables:UpdateTableMetadataLocation',
    MetricsConfigurations: 's3:DeleteBucketMetricsConfiguration s3:PutMetricsConfiguration',
    ObjectLockConfiguration: 's3:PutBucketObjectLockConfiguration s3:PutObjectLockConfiguration',
    OwnershipControls: 's3:PutBucketOwnershipControls',
    ReplicationConfiguration:
      'iam:PassRole s3:DeleteBucketReplication s3:PutBucketReplication s3:PutReplicationConfiguration',
    WebsiteConfiguration: 's3:DeleteBucketWebsite s3:PutBucketWebsite',
  },
  'AWS::SNS::Topic': {
    DataProtectionPolicy: 'sns:PutDataProtectionPolicy',
    DeliveryStatusLogging: 'iam:GetRole iam:PassRole',
    Subscription: 'sns:Subscribe sns:Unsubscribe',
  },
  'AWS::SecretsManager::Secret': {
    ReplicaRegions: 'secretsmanager:RemoveRegionsFromReplication secretsmanager:ReplicateSecretToRegions',
  },
};

/** Actions that handlers name and that are withheld whatever a template says. */
export const WITHHELD: Readonly<Record<string, string>> = {
  'iam:DeleteRolePermissionsBoundary': 'a role without its boundary may anything',
  's3:DeleteBucketEncryption': 'IAM has no such action: s3:PutEncryptionConfiguration allows it',
  's3:DeleteBucketLifecycle': 'IAM has no such action: s3:PutLifecycleConfiguration allows it',
  's3:DeleteObject': 'a bucket is only deleted when it is empty',
};

/** Actions that no handler of the type names, and what they are for. */
export const BESIDE_HANDLERS: Readonly<Record<string, string>> = {
  'kafka:CreateClusterV2': 'the call that makes clusters today; its name in IAM may be either',
  'kafka:DescribeClusterV2': 'likewise',
  'kafka:CreateTopic': "MSK's own API of topics, which AWS::MSK::Topic may use in place of Kafka's",
  'kafka:DeleteTopic': 'likewise',
  'kafka:DescribeTopic': 'likewise',
  'kafka:ListTopics': 'likewise',
  'kafka:UpdateTopic': 'likewise',
  'kafka:GetBootstrapBrokers': 'what a look at the cluster may include',
  'glue:CheckSchemaVersionValidity': "Glue's own check of what it registers",
  'lambda:InvokeFunction': 'the custom resource',
  'lambda:GetFunctionConfiguration': 'waiting for a function to be active',
  'cloudformation:DescribeStacks': 'Fn::GetStackOutput',
};
