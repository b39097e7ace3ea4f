/** Which of an HTTP API's routes takes a request. */

export interface Route {
  /** `POST /v1/events`, `ANY /{proxy+}` or `$default`. */
  readonly routeKey: string;
  readonly integrationId: string;
}

export interface RouteMatch {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * The route that API Gateway would choose: a full match of the path first, then one with a greedy variable, `$default`
 * last; an exact method before ANY.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch | undefined {
  let best: (RouteMatch & { readonly rank: number }) | undefined;
  for (const route of routes) {
    const match = matchOne(route, method, path);
    if (match !== undefined && (best === undefined || match.rank < best.rank)) best = match;
  }
  return best && { route: best.route, pathParameters: best.pathParameters };
}

function matchOne(route: Route, method: string, path: string): (RouteMatch & { rank: number }) | undefined {
  if (route.routeKey === '$default') return { route, pathParameters: {}, rank: 100 };
  const [wantedMethod, template = ''] = route.routeKey.split(' ');
  if (wantedMethod !== 'ANY' && wantedMethod !== method) return undefined;
  const pathParameters = matchPath(template.split('/'), path.split('/'));
  if (pathParameters === undefined) return undefined;
  const variables = Object.keys(pathParameters).length;
  const rank = (template.includes('+}') ? 40 : 0) + Math.min(variables, 19) * 2 + (wantedMethod === 'ANY' ? 1 : 0);
  return { route, pathParameters, rank };
}

function matchPath(template: readonly string[], path: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [at, part] of template.entries()) {
    const variable = /^\{(.+?)(\+?)\}$/.exec(part);
    const value = path[at];
    if (value === undefined) return undefined;
    if (variable === null) {
      if (part !== value) return undefined;
      continue;
    }
    const [, name = '', greedy] = variable;
    if (greedy) return { ...parameters, [name]: path.slice(at).map(decode).join('/') };
    parameters[name] = decode(value);
  }
  return template.length === path.length ? parameters : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
