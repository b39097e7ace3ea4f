/** AWS::ApiGatewayV2::Api, Stage, Integration and Route. */
import { HttpApi } from '../http-api/http-api.ts';
import type { CreateResource, Deployment } from './deployment.ts';
import { findFunction } from './find-function.ts';
import { expectProperties } from './property-check.ts';

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const INTEGRATION_TIMEOUT_MS = 30_000;

/** Listens at once; until it has routes it answers 404. */
export const createApi: CreateResource = async ({ logicalId, properties }, deployment) => {
  const withoutEffect = ['Description', 'DisableExecuteApiEndpoint', 'IpAddressType', 'Name', 'Tags'];
  expectProperties(properties, ['ProtocolType'], withoutEffect);
  if (properties['ProtocolType'] !== 'HTTP') {
    throw new Error(`the laptop host serves HTTP APIs, not ${properties['ProtocolType']}`);
  }
  const api = new HttpApi(logicalId.toLowerCase());
  const origin = await api.start(deployment.apis.length === 0 ? deployment.apiPort : 0);
  deployment.apis.push(api);
  return { ref: api.id, attributes: { ApiId: api.id, ApiEndpoint: origin } };
};

/** Routes are served without a stage in their path, as `$default` does. Throttling is not enforced. */
export const createStage: CreateResource = async ({ properties }) => {
  const withoutEffect = ['AccessLogSettings', 'ApiId', 'AutoDeploy', 'DefaultRouteSettings', 'RouteSettings', 'Tags'];
  expectProperties(properties, ['StageName'], withoutEffect);
  const name = String(properties['StageName']);
  if (name !== '$default') throw new Error(`the laptop host serves the stage $default, not ${name}`);
  return { ref: name };
};

export const createIntegration: CreateResource = async ({ logicalId, properties }, deployment) => {
  expectProperties(
    properties,
    ['ApiId', 'IntegrationType', 'IntegrationUri', 'PayloadFormatVersion', 'TimeoutInMillis'],
    ['Description', 'IntegrationMethod'],
  );
  if (properties['IntegrationType'] !== 'AWS_PROXY' || properties['PayloadFormatVersion'] !== '2.0') {
    throw new Error('the laptop host serves AWS_PROXY integrations of payload format 2.0');
  }
  const target = findFunction(deployment, String(properties['IntegrationUri']));
  const timeoutMs = Number(properties['TimeoutInMillis'] ?? INTEGRATION_TIMEOUT_MS);
  findApi(deployment, properties['ApiId']).integrations.set(logicalId, { function: target, timeoutMs });
  return { ref: logicalId, attributes: { IntegrationId: logicalId } };
};

/** Authorization is not checked: the API listens on loopback only. */
export const createRoute: CreateResource = async ({ logicalId, properties }, deployment) => {
  const withoutEffect = ['AuthorizationScopes', 'AuthorizationType', 'OperationName'];
  expectProperties(properties, ['ApiId', 'RouteKey', 'Target'], withoutEffect);
  const integrationId = String(properties['Target']).replace('integrations/', '');
  findApi(deployment, properties['ApiId']).routes.push({ routeKey: String(properties['RouteKey']), integrationId });
  return { ref: logicalId, attributes: { RouteId: logicalId } };
};

function findApi({ apis }: Deployment, id: unknown): HttpApi {
  const api = apis.find((candidate) => candidate.id === id);
  if (api === undefined) throw new Error(`it belongs to the API ${id}, which no stack before it has`);
  return api;
}
