import { matchRoute } from '../../../local/http-api/route-match.ts';

const routes = [
  '$default',
  'ANY /{proxy+}',
  'GET /topics/{event}',
  'POST /topics/{event}',
  'POST /v1/events',
  'ANY /v1/events',
  'GET /v1/{any+}',
].map((routeKey) => ({ routeKey, integrationId: 'i' }));

test.each([
  ['POST', '/v1/events', 'POST /v1/events', {}],
  ['PUT', '/v1/events', 'ANY /v1/events', {}],
  ['GET', '/v1/events/7', 'GET /v1/{any+}', { any: 'events/7' }],
  ['POST', '/topics/order%20created', 'POST /topics/{event}', { event: 'order created' }],
  ['DELETE', '/topics/order_created', 'ANY /{proxy+}', { proxy: 'topics/order_created' }],
  ['GET', '/', 'ANY /{proxy+}', { proxy: '' }],
])('matchRoute gives %s %s to the most specific route', (method, path, routeKey, pathParameters) => {
  const match = matchRoute(routes, method, path);
  expect(match?.route.routeKey).toBe(routeKey);
  expect(match?.pathParameters).toEqual(pathParameters);
});

test('matchRoute falls back to $default, or to nothing', () => {
  const [fallback, ...others] = routes.filter(({ routeKey }) => !routeKey.includes('+'));
  expect(matchRoute([...others, ...(fallback ? [fallback] : [])], 'GET', '/none')?.route.routeKey).toBe('$default');
  expect(matchRoute(others, 'GET', '/none')).toBeUndefined();
  expect(matchRoute(others, 'GET', '/v1/events/7')).toBeUndefined();
});
