/** The topics that a request names: how a fault for one topic meets it alone. */

/** A topic as requests name it: older ones by its name, newer ones by its id. */
export interface TopicRef {
  readonly topic?: string;
  readonly topicId?: string;
}

type Body = Readonly<Record<string, unknown>>;

/** Kafka's number for a topic among the resources of config requests. */
const topicResource = 2;

/** The lists in which requests name topics, and the topic of an item. */
const topicLists: Readonly<Record<string, (item: never) => TopicRef>> = {
  topics: (item: TopicRef) => item,
  topicNames: (topic: string) => ({ topic }),
  resources: ({ resourceType, resourceName }: { readonly resourceType: number; readonly resourceName: string }) =>
    resourceType === topicResource ? { topic: resourceName } : {},
};

/**
 * The parts of the request whose topics are met and those whose topics are not; undefined where nothing is left.
 * OffsetFetch names topics within groups.
 */
export function splitByTopic(
  body: Body,
  isMet: (topic: TopicRef) => boolean,
): { readonly met: Body | undefined; readonly spared: Body | undefined } {
  return { met: only(body, isMet), spared: only(body, (topic) => !isMet(topic)) };
}

function only(body: Body, isWanted: (topic: TopicRef) => boolean): Body | undefined {
  const kept: Record<string, unknown> = {};
  let items = 0;
  for (const [name, value] of Object.entries(body)) {
    const topicOf = topicLists[name];
    if (!Array.isArray(value)) continue;
    if (topicOf !== undefined) kept[name] = value.filter((item) => isWanted(topicOf(item as never)));
    else if (name === 'groups') kept[name] = value.flatMap((group) => only(group, isWanted) ?? []);
    else continue;
    items += (kept[name] as readonly unknown[]).length;
  }
  return items === 0 ? undefined : { ...body, ...kept };
}

/** One answer from those to the two parts of a request. */
export function joinAnswers(spared: Body, met: Body): Body {
  const joined: Record<string, unknown> = { ...spared };
  for (const name of ['topics', 'resources']) {
    if (Array.isArray(met[name])) joined[name] = [...((spared[name] as []) ?? []), ...met[name]];
  }
  if (Array.isArray(met['groups'])) joined['groups'] = joinGroups(spared['groups'] as readonly Body[], met['groups']);
  return joined;
}

/** A group whose topics were met and spared answers for each topic alone. */
function joinGroups(spared: readonly Body[], met: readonly Body[]): readonly Body[] {
  const known = new Map(spared.map((group) => [group['groupId'], group]));
  for (const group of met) {
    const other = known.get(group['groupId']);
    known.set(group['groupId'], other === undefined ? group : joinAnswers(other, group));
  }
  return [...known.values()];
}
