/** The classic group protocol in raw requests: member ids, static members, generations and rebalances. */

import { errorCode } from '../../../pipeline/kafka/error-code.ts';
import {
  describeGroups,
  findCoordinator,
  heartbeat,
  joinGroup,
  leaveGroup,
  offsetCommit,
  offsetDelete,
  syncGroup,
} from '../../../pipeline/kafka/group-apis.ts';
import { createTopics } from '../../../pipeline/kafka/topic-apis.ts';
import { createTopic } from './raw-calls.ts';
import { RawClient } from './raw-client.ts';
import { startTestBroker, type TestBroker, uniqueName } from './test-broker.ts';

let broker: TestBroker;
let groupId: string;
const clients: RawClient[] = [];
const topic = uniqueName('groups');

beforeAll(async () => {
  broker = await startTestBroker();
  const client = await connect();
  const wanted = { topic, partitionCount: 1, replicationFactor: 1, assignments: [], configs: [] };
  await client.call(createTopics, 7, { topics: [wanted], timeoutMs: 5000 });
  // The coordinator of a broker that has just started may not be there yet.
  for (let code = -1; code !== errorCode.none; ) {
    const found = await client.call(findCoordinator, 4, { keyType: 0, coordinatorKeys: [topic] });
    code = found.coordinators[0]?.errorCode ?? -1;
  }
});
beforeEach(() => {
  groupId = uniqueName('group');
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(() => broker.stop());

async function connect(): Promise<RawClient> {
  const client = await RawClient.connect(broker.bootstrap);
  clients.push(client);
  return client;
}

/** Each member has its own connection: a join that is held back holds up what comes after it. */
class Member {
  readonly client: RawClient;
  memberId = '';
  generationId = -1;
  readonly groupInstanceId: string | null;

  private constructor(client: RawClient, groupInstanceId: string | null) {
    this.client = client;
    this.groupInstanceId = groupInstanceId;
  }

  static async start(groupInstanceId: string | null = null): Promise<Member> {
    return new Member(await connect(), groupInstanceId);
  }

  async join({ metadata = 'm', rebalanceTimeoutMs = 10_000, name = 'range', sessionTimeoutMs = 10_000 } = {}) {
    const { memberId, groupInstanceId, client } = this;
    for (;;) {
      const answer = await client.call(joinGroup, 9, {
        ...{ groupId, memberId, groupInstanceId, sessionTimeoutMs, rebalanceTimeoutMs },
        protocolType: 'consumer',
        protocols: [{ name, metadata: Buffer.from(metadata, 'latin1') }],
      });
      // Apache Kafka reads the group's partition of __consumer_offsets when it is first asked for.
      if (answer.errorCode === errorCode.notCoordinator || answer.errorCode === errorCode.coordinatorLoadInProgress) {
        continue;
      }
      if (answer.memberId !== '') this.memberId = answer.memberId;
      if (answer.generationId >= 0) this.generationId = answer.generationId;
      return answer;
    }
  }

  /** Joins as a new member does: once to be given an id, and again with it. */
  async joinAnew(options = {}) {
    const first = await this.join(options);
    return first.errorCode === errorCode.memberIdRequired ? this.join(options) : first;
  }

  async sync(assignments: readonly (readonly [Member, string])[] = [], protocolName = 'range') {
    const given = assignments.map(([{ memberId }, text]) => ({ memberId, assignment: Buffer.from(text) }));
    const answer = await this.client.call(syncGroup, 5, {
      ...this.#membership(),
      protocolType: 'consumer',
      protocolName,
      assignments: given,
    });
    return { errorCode: answer.errorCode, assignment: answer.assignment.toString() };
  }

  async heartbeat(): Promise<number> {
    return (await this.client.call(heartbeat, 4, this.#membership())).errorCode;
  }

  async commit(offset: number): Promise<number | undefined> {
    const partitions = [{ partition: 0, committedOffset: offset, committedMetadata: null }];
    const answer = await this.client.call(offsetCommit, 8, { ...this.#membership(), topics: [{ topic, partitions }] });
    return answer.topics[0]?.partitions[0]?.errorCode;
  }

  async leave(): Promise<number | undefined> {
    const { memberId, groupInstanceId } = this;
    const answer = await this.client.call(leaveGroup, 5, { groupId, members: [{ memberId, groupInstanceId }] });
    return answer.members[0]?.errorCode;
  }

  #membership() {
    const { generationId, memberId, groupInstanceId } = this;
    return { groupId, generationId, memberId, groupInstanceId };
  }
}

async function stable(groupInstanceId: string | null = null): Promise<Member> {
  const member = await Member.start(groupInstanceId);
  await member.joinAnew();
  await member.sync([[member, 'all']]);
  return member;
}

async function state(): Promise<string | undefined> {
  const client = await connect();
  return (await client.call(describeGroups, 5, { groups: [groupId] })).groups[0]?.groupState;
}

test('JoinGroup gives a new member an id to come back with, and makes the first one the leader', async () => {
  const member = await Member.start();
  const first = await member.join();
  expect(first.errorCode).toBe(errorCode.memberIdRequired);
  const second = await member.join();
  expect(second).toMatchObject({ errorCode: errorCode.none, generationId: 1, leader: member.memberId });
  expect(second.members.map(({ memberId, metadata }) => [memberId, metadata.toString()])).toEqual([
    [member.memberId, 'm'],
  ]);
  expect(await member.sync([[member, 'all']])).toEqual({ errorCode: errorCode.none, assignment: 'all' });
  expect(await state()).toBe('Stable');
});

test('JoinGroup refuses an unknown member, a strange protocol, no group name and a short session', async () => {
  await stable();
  const stranger = await Member.start();
  stranger.memberId = 'nobody';
  expect((await stranger.join()).errorCode).toBe(errorCode.unknownMemberId);
  const other = await Member.start();
  expect((await other.joinAnew({ name: 'strange' })).errorCode).toBe(errorCode.inconsistentGroupProtocol);
  expect((await other.joinAnew({ sessionTimeoutMs: 10 })).errorCode).toBe(errorCode.invalidSessionTimeout);
  groupId = '';
  expect((await other.join()).errorCode).toBe(errorCode.invalidGroupId);
});

test('a second member makes the first rejoin, and both get what the leader assigns', async () => {
  const first = await stable();
  const second = await Member.start();
  const joined = second.joinAnew();
  while ((await first.heartbeat()) === errorCode.none);
  expect(await first.heartbeat()).toBe(errorCode.rebalanceInProgress);
  expect(await first.join()).toMatchObject({ errorCode: errorCode.none, generationId: 2 });
  expect(await joined).toMatchObject({ errorCode: errorCode.none, generationId: 2, members: [] });
  const synced = second.sync();
  expect(
    await first.sync([
      [first, 'one'],
      [second, 'two'],
    ]),
  ).toMatchObject({ assignment: 'one' });
  expect(await synced).toMatchObject({ assignment: 'two' });
  expect([await first.heartbeat(), await second.heartbeat()]).toEqual([errorCode.none, errorCode.none]);
});

test('a member that does not rejoin in time is left out', async () => {
  const first = await Member.start();
  await first.joinAnew({ rebalanceTimeoutMs: 500 });
  await first.sync([[first, 'all']]);
  const second = await Member.start();
  const joined = await second.joinAnew({ rebalanceTimeoutMs: 500 });
  expect(joined).toMatchObject({ errorCode: errorCode.none, generationId: 2, leader: second.memberId });
  expect(await first.heartbeat()).toBe(errorCode.unknownMemberId);
});

test('a member that rejoins unchanged gets its generation again, the leader starts a new one', async () => {
  const first = await stable();
  const second = await Member.start();
  const joined = second.joinAnew();
  while ((await first.heartbeat()) === errorCode.none);
  await first.join();
  await joined;
  const synced = second.sync();
  await first.sync([
    [first, 'one'],
    [second, 'two'],
  ]);
  await synced;
  expect(await second.join()).toMatchObject({ errorCode: errorCode.none, generationId: 2 });
  expect(await first.heartbeat()).toBe(errorCode.none);
  const again = first.join();
  while ((await second.heartbeat()) === errorCode.none);
  await second.join();
  expect(await again).toMatchObject({ errorCode: errorCode.none, generationId: 3 });
});

test('Heartbeat, SyncGroup and OffsetCommit refuse another generation', async () => {
  const member = await stable();
  expect(await member.commit(1)).toBe(errorCode.none);
  member.generationId += 1;
  expect(await member.heartbeat()).toBe(errorCode.illegalGeneration);
  expect((await member.sync()).errorCode).toBe(errorCode.illegalGeneration);
  expect(await member.commit(2)).toBe(errorCode.illegalGeneration);
});

test('OffsetCommit without a member is refused while the group has members', async () => {
  const member = await stable();
  const loner = await Member.start();
  expect(await loner.commit(3)).toBe(errorCode.unknownMemberId);
  expect(await member.leave()).toBe(errorCode.none);
  expect(await loner.commit(3)).toBe(errorCode.none);
});

test('LeaveGroup empties the group, and refuses one who is not there', async () => {
  const member = await stable();
  expect(await member.leave()).toBe(errorCode.none);
  expect(await member.leave()).toBe(errorCode.unknownMemberId);
  expect(await state()).toBe('Empty');
});

test('a static member that restarts keeps its place without a rebalance, and its old self is fenced', async () => {
  const old = await stable('instance');
  const restarted = await Member.start('instance');
  const joined = await restarted.join();
  expect(joined).toMatchObject({ errorCode: errorCode.none, generationId: 1 });
  expect(restarted.memberId).not.toBe(old.memberId);
  expect(await restarted.sync()).toEqual({ errorCode: errorCode.none, assignment: 'all' });
  expect(await old.heartbeat()).toBe(errorCode.fencedInstanceId);
  expect(await old.commit(1)).toBe(errorCode.fencedInstanceId);
  expect(await restarted.heartbeat()).toBe(errorCode.none);
});

test('a static member that restarts with another subscription keeps its place as well', async () => {
  await stable('instance');
  const restarted = await Member.start('instance');
  expect(await restarted.join({ metadata: 'changed' })).toMatchObject({ errorCode: errorCode.none, generationId: 1 });
});

test('a member that stops its heartbeats is left out when its session ends', async () => {
  const member = await Member.start();
  await member.joinAnew({ sessionTimeoutMs: 6000 });
  await member.sync([[member, 'all']]);
  for (let seen = await state(); seen !== 'Empty'; seen = await state()) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(await member.heartbeat()).toBe(errorCode.unknownMemberId);
});

test('SyncGroup refuses another protocol than the group has chosen', async () => {
  const member = await stable();
  expect((await member.sync([], 'roundrobin')).errorCode).toBe(errorCode.inconsistentGroupProtocol);
});

test('a leader that joins and never syncs is left out, however much it heartbeats', async () => {
  const first = await Member.start();
  await first.joinAnew({ rebalanceTimeoutMs: 1000 });
  await first.sync([[first, 'all']]);
  const second = await Member.start();
  const joined = second.joinAnew({ rebalanceTimeoutMs: 1000 });
  while ((await first.heartbeat()) === errorCode.none);
  await first.join({ rebalanceTimeoutMs: 1000 });
  await joined;
  const synced = second.sync();
  let seen = await first.heartbeat();
  while (seen === errorCode.none) seen = await first.heartbeat();
  expect(seen).toBe(errorCode.unknownMemberId);
  expect((await synced).errorCode).toBe(errorCode.rebalanceInProgress);
  expect(await second.join()).toMatchObject({ errorCode: errorCode.none, leader: second.memberId });
});

test('a static leader that restarts is told by an older JoinGroup that the leader is who it was before', async () => {
  const old = await stable('instance');
  const request = {
    ...{ groupId, memberId: '', groupInstanceId: 'instance', sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 },
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('m') }],
  };
  const answer = await (await connect()).call(joinGroup, 5, request);
  expect(answer).toMatchObject({ errorCode: errorCode.none, generationId: 1, leader: old.memberId, members: [] });
});

test('OffsetDelete keeps offsets of topics that a member consumes, and removes others', async () => {
  const other = uniqueName('other');
  const client = await connect();
  await createTopic(client, other);
  const member = await Member.start();
  const name = Buffer.from(topic);
  // ConsumerProtocolSubscription version 0: one topic, no user data.
  const subscription = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 1, 0, name.length]), name, Buffer.alloc(4, 0xff)]);
  await member.joinAnew({ metadata: subscription.toString('latin1') });
  await member.sync([[member, 'all']]);
  await member.commit(1);
  const partitions = [{ partition: 0, committedOffset: 1, committedMetadata: null }];
  const { generationId, memberId, groupInstanceId } = member;
  const commit = { groupId, generationId, memberId, groupInstanceId, topics: [{ topic: other, partitions }] };
  await client.call(offsetCommit, 8, commit);
  const topics = [topic, other].map((each) => ({ topic: each, partitions: [{ partition: 0 }] }));
  const answer = await client.call(offsetDelete, 0, { groupId, topics });
  const codes = Object.fromEntries(answer.topics.map((each) => [each.topic, each.partitions[0]?.errorCode]));
  expect(codes).toEqual({ [topic]: errorCode.groupSubscribedToTopic, [other]: errorCode.none });
});
