/** AWS::Lambda::Function. */
import { renameSync, statSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { localArn, REGION } from '../aws/account.ts';
import type { FunctionDefinition } from '../lambda/function-definition.ts';
import { LambdaFunction } from '../lambda/lambda-function.ts';
import type { CreateResource, Deployment, ResourceRequest } from './deployment.ts';
import { physicalName } from './physical-name.ts';
import { expectProperties } from './property-check.ts';

const FUNCTION_NAME_MAX = 64;
/** Environments of one function at the same time: a laptop has few cores, and each takes the memory of a Node process. */
const CONCURRENCY_MAX = 2;
const LOG_BYTES_MAX = 10 * 1024 * 1024;
const TIMEOUT_SECONDS_DEFAULT = 3;
const MEMORY_MEGABYTES_DEFAULT = 128;

/** Variables whose value in the template is right for AWS only. They replace the template's, and are not added to it. */
const HOST_VALUES: Readonly<Record<string, (deployment: Deployment) => string>> = {
  KAFKA_CLIENT_PROPERTIES: ({ kafka }) => kafka.clientProperties,
  WAREHOUSE_URL: ({ warehousePath }) => `duckdb:${warehousePath}`,
};

export const createFunction: CreateResource = async (request, deployment) => {
  const { properties } = request;
  expectProperties(
    properties,
    [
      'Code',
      'Environment',
      'FunctionName',
      'Handler',
      'MemorySize',
      'ReservedConcurrentExecutions',
      'Runtime',
      'Timeout',
    ],
    ['Architectures', 'Description', 'EphemeralStorage', 'LoggingConfig', 'Role', 'Tags', 'TracingConfig', 'VpcConfig'],
  );
  const runtime = String(properties['Runtime']);
  if (!runtime.startsWith('nodejs')) throw new Error(`the laptop host runs Node.js functions, not ${runtime}`);
  const definition = functionDefinition(request, deployment);
  rotateLog(definition.logFile);
  const { runtimeApi, errors, functionFaults, functions } = deployment;
  functions.push(new LambdaFunction(definition, runtimeApi, errors.add.bind(errors), functionFaults));
  return { ref: definition.name, attributes: { Arn: definition.arn } };
};

function functionDefinition(request: ResourceRequest, deployment: Deployment): FunctionDefinition {
  const { stackName, logicalId, properties } = request;
  const name = String(properties['FunctionName'] ?? physicalName(stackName, logicalId, FUNCTION_NAME_MAX));
  const memoryMegabytes = Number(properties['MemorySize'] ?? MEMORY_MEGABYTES_DEFAULT);
  const codeDir = codeFolder(properties['Code'] as Code, deployment);
  const { Variables = {} } = (properties['Environment'] ?? {}) as { Variables?: Readonly<Record<string, string>> };
  return {
    name,
    arn: localArn('lambda', `function:${name}`),
    codeDir,
    environment: {
      ...hostVariables(deployment),
      ...runtimeVariables(name, String(properties['Handler']), memoryMegabytes, codeDir),
      ...Variables,
      ...overrides(Variables, deployment),
    },
    timeoutSeconds: Number(properties['Timeout'] ?? TIMEOUT_SECONDS_DEFAULT),
    memoryMegabytes,
    concurrency: Math.min(Number(properties['ReservedConcurrentExecutions'] ?? CONCURRENCY_MAX), CONCURRENCY_MAX),
    logFile: join(deployment.logsDir, `${name}.log`),
    temporaryDir: deployment.temporaryDir,
  };
}

/** One older file stays beside the one that is written. */
function rotateLog(file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_BYTES_MAX) renameSync(file, `${file}.1`);
}

interface Code {
  readonly S3Bucket?: string;
  readonly S3Key?: string;
}

function codeFolder({ S3Bucket, S3Key }: Code, { code }: Deployment): string {
  const folder = code.get(`${S3Bucket}/${S3Key}`);
  if (folder === undefined) throw new Error(`its code ${S3Key ?? '(inline)'} is no asset folder of the assembly`);
  return folder;
}

/** The person's own AWS configuration must never reach a function: it could send laptop data to a real account. */
function hostVariables({ aws }: Deployment): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: aws.url,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
function runtimeVariables(name: string, handler: string, memoryMegabytes: number, codeDir: string) {
  return {
    _HANDLER: handler,
    LAMBDA_TASK_ROOT: codeDir,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMegabytes),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'laptop',
    TZ: 'UTC',
  };
}

function overrides(variables: Readonly<Record<string, string>>, deployment: Deployment): Record<string, string> {
  const entries = Object.entries(HOST_VALUES).filter(([name]) => name in variables);
  return Object.fromEntries(entries.map(([name, value]) => [name, value(deployment)]));
}
