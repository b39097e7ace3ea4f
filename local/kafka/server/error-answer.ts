/** The answer of any API to a request that failed as a whole. */

/** Lists of names in requests, with the list and the field that the answer has for them. */
const namedItems: Readonly<Record<string, readonly [list: string, field: string]>> = {
  coordinatorKeys: ['coordinators', 'key'],
  topicNames: ['topics', 'topic'],
  groups: ['groups', 'groupId'],
  transactionalIds: ['transactions', 'transactionalId'],
};

/**
 * Mirrors the request's lists with `code` in each place where an answer has an error code. Answers have the same names
 * as requests for the same things, and writing one ignores what it has no field for.
 */
export function errorAnswer(request: unknown, code: number, message: string | null): Readonly<Record<string, unknown>> {
  const answer: Record<string, unknown> = {
    errorCode: code,
    errorMessage: message,
    topics: [],
    nodeId: -1,
    host: '',
    port: -1,
  };
  for (const [name, value] of Object.entries(request ?? {})) {
    if (Array.isArray(value)) Object.assign(answer, mirrored(name, value, code, message));
    else answer[name] = value;
  }
  return answer;
}

function mirrored(name: string, items: readonly unknown[], code: number, message: string | null) {
  const [list, field] = namedItems[name] ?? [name, 'partition'];
  if (items.length === 0 && list !== name) return {};
  return {
    [list]: items.map((item) => errorAnswer(typeof item === 'object' ? item : { [field]: item }, code, message)),
  };
}
