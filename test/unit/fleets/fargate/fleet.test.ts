import { describe, expect, it } from 'vitest';
import type { FargateSubnet } from '../../../../core/contract/plan.ts';
import type { FleetInfo } from '../../../../core/contract/stack.ts';
import { FargateFleet } from '../../../../fleets/fargate/fleet.ts';
import { awsError, FakeEcs } from '../../../support/fake-ecs.ts';

const RUN = '20261123-043000-spike-7f3a';
const INFO: FleetInfo = {
  stack: 'Fleet',
  region: 'us-east-1',
  bucket: 'results',
  cluster: 'fleet',
  taskDefinition: 'arn:aws:ecs:us-east-1:1:task-definition/fleet-worker:7',
  container: 'worker',
  securityGroups: ['sg-1'],
  capacity: 'FARGATE_SPOT',
  topic: 'arn:aws:sns:us-east-1:1:verdicts',
  target: null,
  legSeconds: 600,
};
const SUBNETS: FargateSubnet[] = [
  { id: 'subnet-a', zone: 'us-east-1a', publicIp: true },
  { id: 'subnet-b', zone: 'us-east-1b', publicIp: false },
];

function setUp({ run = RUN, ecs = new FakeEcs() }: { run?: string; ecs?: FakeEcs } = {}) {
  const clock = {
    at: 1_000_000,
    slept: 0,
    now: () => clock.at,
    sleep: async (ms: number) => {
      clock.at += ms;
      clock.slept += ms;
    },
  };
  const fleet = new FargateFleet({ client: ecs.client, run, info: INFO, subnets: SUBNETS, clock });
  return { ecs, clock, fleet };
}

const first = { task: 0, attempt: 0 };
const arnOf = (index: number) => `arn:aws:ecs:us-east-1:1:task/fleet/${index}`;

describe('launch', () => {
  it('starts one task in one subnet, with what the worker must know and nothing else', async () => {
    const { ecs, fleet } = setUp();
    expect(await fleet.launch({ task: 3, attempt: 1 })).toEqual({ state: 'launched' });
    const { input } = ecs.calls[0] ?? {};
    expect(input).toMatchObject({
      cluster: 'fleet',
      count: 1,
      startedBy: RUN,
      capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
      networkConfiguration: {
        awsvpcConfiguration: { subnets: ['subnet-a'], securityGroups: ['sg-1'], assignPublicIp: 'ENABLED' },
      },
      enableECSManagedTags: false,
    });
    expect(input.overrides.containerOverrides).toEqual([
      {
        name: 'worker',
        environment: [
          { name: 'K6_FLEET_STORE', value: 's3://results' },
          { name: 'K6_FLEET_RUN', value: RUN },
          { name: 'K6_FLEET_TASK', value: '3' },
          { name: 'K6_FLEET_ATTEMPT', value: '1' },
        ],
      },
    ]);
    expect(input.launchType).toBeUndefined();
    expect(input.clientToken).toMatch(/^[\x21-\x7e]{1,64}$/);
  });

  it('goes elsewhere with the next attempt', async () => {
    const { ecs, fleet } = setUp();
    await fleet.launch(first);
    await fleet.launch({ task: 0, attempt: 1 });
    const configurations = ecs.calls.map(({ input }) => input.networkConfiguration.awsvpcConfiguration);
    expect(configurations.map(({ subnets }) => subnets[0])).toEqual(['subnet-a', 'subnet-b']);
    expect(configurations[1].assignPublicIp).toBe('DISABLED');
  });

  it('gives one task for one reference, no matter which coordinator launches it', async () => {
    const { ecs, fleet } = setUp();
    await fleet.launch(first);
    await fleet.launch(first);
    await setUp({ ecs }).fleet.launch(first);
    await fleet.launch({ task: 0, attempt: 1 });
    await fleet.launch({ task: 1, attempt: 0 });
    expect(ecs.tasks.size).toBe(3);
  });

  it.each([
    [
      'no capacity',
      {
        tasks: [],
        failures: [
          {
            reason: 'Capacity is unavailable at this time. Please try again later or in a different availability zone',
          },
        ],
      },
      'Capacity is unavailable at this time in us-east-1a (subnet-a)',
    ],
    [
      'the quota, in an answer',
      { tasks: [], failures: [{ reason: "You've reached the limit on the number of vCPUs you can run concurrently" }] },
      "You've reached the limit on the number of vCPUs you can run concurrently in us-east-1a (subnet-a)",
    ],
    ['nothing at all', {}, 'ECS started no task and gave no reason in us-east-1a (subnet-a)'],
    [
      'throttling',
      awsError('ThrottlingException', 'Rate exceeded'),
      'ThrottlingException: Rate exceeded in us-east-1a (subnet-a)',
    ],
    [
      "EC2's throttling",
      awsError('InvalidParameterException', 'Error retrieving security group: Request limit exceeded.'),
      'InvalidParameterException: Error retrieving security group: Request limit exceeded in us-east-1a (subnet-a)',
    ],
    [
      'the quota, as an error',
      awsError('ClientException', "You've reached the limit on the number of vCPUs you can run concurrently"),
      "ClientException: You've reached the limit on the number of vCPUs you can run concurrently in us-east-1a (subnet-a)",
    ],
    ["AWS's own fault", awsError('ServerException', 'oops', { $fault: 'server' }), /^ServerException: oops in /],
    ['the network', awsError('Error', 'read ECONNRESET', { code: 'ECONNRESET' }), /^read ECONNRESET in /],
  ])('says why there is no room now: %s', async (_, answer, reason) => {
    const { ecs, fleet } = setUp();
    ecs.intercept = () => answer;
    expect(await fleet.launch(first)).toEqual({
      state: 'refused',
      reason: typeof reason === 'string' ? expect.stringContaining(reason) : expect.stringMatching(reason),
    });
  });

  it.each([
    awsError('AccessDeniedException', 'User is not authorized to perform: ecs:RunTask'),
    awsError('InvalidParameterException', 'No Fargate configuration exists for given values.'),
    awsError('ClusterNotFoundException', 'Cluster not found.'),
    awsError('ClientException', 'The requested CPU configuration is above your limit'),
  ])('throws one line where it can never be started: $name $message', async (error) => {
    const { ecs, fleet } = setUp();
    ecs.intercept = () => error;
    await expect(fleet.launch(first)).rejects.toThrow(
      `cannot start task 0 in ECS cluster fleet: ${error.name}: ${error.message}`,
    );
  });

  it('takes the task that has its token already, such as after a deployment', async () => {
    const { ecs, fleet } = setUp();
    await fleet.launch(first);
    const another = setUp({ ecs }).fleet;
    ecs.intercept = ({ name }) =>
      name === 'RunTask' ? awsError('ConflictException', 'in use', { resourceIds: [arnOf(0)] }) : undefined;
    expect(await another.launch(first)).toEqual({ state: 'launched' });
    expect(await another.liveness(first)).toEqual({ state: 'alive' });
    expect(ecs.count('ListTasks')).toBe(0);
  });

  it('refuses an id that cannot be startedBy, and a run without subnets', () => {
    expect(() => setUp({ run: 'ä b' })).toThrow('run id "ä b" cannot be the startedBy');
    const { ecs, clock } = setUp();
    const options = { client: ecs.client, run: RUN, info: INFO, subnets: [], clock };
    expect(() => new FargateFleet(options)).toThrow('no subnet');
  });
});

describe('liveness', () => {
  it.each(['PROVISIONING', 'PENDING', 'ACTIVATING', 'RUNNING', 'DEACTIVATING', 'STOPPING'])(
    'is alive while %s',
    async (lastStatus) => {
      const { ecs, fleet } = setUp();
      await fleet.launch(first);
      Object.assign(ecs.tasks.get(arnOf(0)) ?? {}, { lastStatus });
      expect(await fleet.liveness(first)).toEqual({ state: 'alive' });
    },
  );

  it.each([
    [
      { stopCode: 'EssentialContainerExited' as const, stoppedReason: 'Essential container in task exited' },
      { exitCode: 1 },
      'it stopped (EssentialContainerExited): Essential container in task exited; exit code 1',
    ],
    [
      { stopCode: 'EssentialContainerExited' as const, stoppedReason: 'Essential container in task exited' },
      { exitCode: 137, reason: 'OutOfMemoryError: container killed due to memory usage' },
      'it ran out of memory (Essential container in task exited; OutOfMemoryError: container killed due to memory usage; exit code 137): use more tasks, or give tasks more memory',
    ],
    [
      { stopCode: 'SpotInterruption' as const, stoppedReason: 'Your Spot Task was interrupted.' },
      { exitCode: 0 },
      'Fargate Spot reclaimed it (SpotInterruption)',
    ],
    [
      { stopCode: 'TaskFailedToStart' as const, stoppedReason: 'CannotPullContainerError:\n pull access denied' },
      {},
      'it stopped (TaskFailedToStart): CannotPullContainerError: pull access denied',
    ],
    [{}, {}, 'it stopped: ECS gave no reason'],
  ])('says in one line why it stopped: %o %o', async (how, container, reason) => {
    const { ecs, fleet } = setUp();
    await fleet.launch(first);
    ecs.end(arnOf(0), { ...how, containers: [{ name: 'agent' }, { name: 'worker', ...container }] });
    expect(await fleet.liveness(first)).toEqual({ state: 'gone', reason });
  });

  it('costs ten calls for a thousand tasks, and none for those that have stopped', async () => {
    const { ecs, clock, fleet } = setUp();
    const refs = Array.from({ length: 1000 }, (_, task) => ({ task, attempt: 0 }));
    for (const ref of refs) await fleet.launch(ref);
    const ask = () => Promise.all(refs.map((ref) => fleet.liveness(ref)));
    await ask();
    await ask();
    expect(ecs.count('DescribeTasks')).toBe(10);
    expect(ecs.count('ListTasks')).toBe(0);
    for (const [arn] of [...ecs.tasks].slice(0, 500)) ecs.end(arn);
    clock.at += 5000;
    expect((await ask()).filter(({ state }) => state === 'gone')).toHaveLength(500);
    clock.at += 5000;
    await ask();
    expect(ecs.count('DescribeTasks')).toBe(10 + 10 + 5);
  });

  it('finds what another coordinator has launched, stopped tasks too, by their environment', async () => {
    const { ecs, fleet } = setUp();
    const refs = Array.from({ length: 250 }, (_, task) => ({ task, attempt: task % 2 }));
    for (const ref of refs) await fleet.launch(ref);
    await setUp({ ecs, run: 'another-run' }).fleet.launch({ task: 0, attempt: 0 });
    ecs.end(arnOf(7), { stopCode: 'UserInitiated', stoppedReason: 'enough' });
    ecs.end(arnOf(250), { stopCode: 'UserInitiated', stoppedReason: "another run's" });
    ecs.calls.length = 0;
    const next = setUp({ ecs }).fleet;
    const states = await Promise.all(refs.map((ref) => next.liveness(ref)));
    expect(states[7]).toEqual({ state: 'gone', reason: 'it stopped (UserInitiated): enough' });
    expect(states.filter(({ state }) => state === 'alive')).toHaveLength(249);
    // 3 pages and 1; 252 tasks in 3 batches, then those that live in 3.
    expect([ecs.count('ListTasks'), ecs.count('DescribeTasks')]).toEqual([4, 6]);
  });

  it('is gone when its containers are, although its network interface is not', async () => {
    const { ecs, fleet } = setUp();
    await fleet.launch(first);
    Object.assign(ecs.tasks.get(arnOf(0)) ?? {}, { lastStatus: 'DEPROVISIONING', stopCode: 'SpotInterruption' });
    expect(await fleet.liveness(first)).toMatchObject({ state: 'gone', reason: /Spot/ });
  });

  it('does not take tasks for gone because no list comes', async () => {
    const { ecs, fleet } = setUp();
    await fleet.launch(first);
    const { fleet: next, clock } = setUp({ ecs });
    ecs.intercept = () => awsError('ThrottlingException', 'Rate exceeded');
    expect(await next.liveness(first)).toEqual({ state: 'alive' });
    clock.at += 40_000;
    expect(await next.liveness(first)).toEqual({ state: 'alive' });
    ecs.intercept = () => undefined;
    clock.at += 5000;
    expect(await next.liveness(first)).toEqual({ state: 'alive' });
    ecs.end(arnOf(0));
    clock.at += 5000;
    expect(await next.liveness(first)).toMatchObject({ state: 'gone', reason: /^it has stopped/ });
  });

  it('asks a slow ECS once at a time, and a while after its answer again', async () => {
    const { ecs, clock, fleet } = setUp();
    await fleet.launch(first);
    let answer: (answer: object) => void = () => undefined;
    ecs.intercept = () => new Promise((resolve) => (answer = resolve));
    const asked = fleet.liveness(first);
    clock.at += 30_000;
    const askedToo = fleet.liveness(first);
    answer({ tasks: [...ecs.tasks.values()] });
    await Promise.all([asked, askedToo]);
    clock.at += 4999;
    await fleet.liveness(first);
    expect(ecs.count('DescribeTasks')).toBe(1);
  });

  it('waits for a task that ECS does not list yet, but not for ever', async () => {
    const { ecs, fleet } = setUp();
    await fleet.launch(first);
    ecs.hidden.add(arnOf(0));
    const { fleet: next, clock } = setUp({ ecs });
    expect(await next.liveness(first)).toEqual({ state: 'alive' });
    clock.at += 19_999;
    expect(await next.liveness(first)).toEqual({ state: 'alive' });
    clock.at += 5000; // the next list
    expect(await next.liveness(first)).toEqual({ state: 'gone', reason: 'ECS knows no such task' });
    ecs.hidden.clear();
    clock.at += 5000;
    expect(await next.liveness(first)).toEqual({ state: 'alive' });
  });

  it('believes ECS that a launched task is gone only after a while', async () => {
    const { ecs, clock, fleet } = setUp();
    await fleet.launch(first);
    ecs.hidden.add(arnOf(0));
    expect(await fleet.liveness(first)).toEqual({ state: 'alive' });
    clock.at += 20_000;
    expect(await fleet.liveness(first)).toMatchObject({ state: 'gone', reason: /^ECS no longer knows it/ });
  });

  it('bridges a minute without an answer, and no refusal', async () => {
    const { ecs, clock, fleet } = setUp();
    await fleet.launch(first);
    await fleet.liveness(first);
    ecs.intercept = () => awsError('ThrottlingException', 'Rate exceeded');
    clock.at += 30_000;
    expect(await fleet.liveness(first)).toEqual({ state: 'alive' });
    clock.at += 60_000;
    await expect(fleet.liveness(first)).rejects.toThrow(
      `cannot list or describe the tasks of run ${RUN} in ECS: ThrottlingException: Rate exceeded`,
    );
    ecs.intercept = () => undefined;
    expect(await fleet.liveness(first)).toEqual({ state: 'alive' });
    ecs.intercept = () => awsError('AccessDeniedException', 'not authorized to perform ecs:DescribeTasks');
    clock.at += 5000;
    await expect(fleet.liveness(first)).rejects.toThrow('AccessDeniedException: not authorized');
  });
});

describe('kill', () => {
  it('stops a task, its own or one that another coordinator has launched', async () => {
    const { ecs, fleet } = setUp();
    await fleet.launch(first);
    await fleet.launch({ task: 1, attempt: 0 });
    await fleet.kill(first);
    await setUp({ ecs }).fleet.kill({ task: 1, attempt: 0 });
    expect([...ecs.tasks.values()].map(({ desiredStatus }) => desiredStatus)).toEqual(['STOPPED', 'STOPPED']);
  });

  it('is no error where it is gone, or has never been', async () => {
    const { ecs, clock, fleet } = setUp();
    await fleet.kill({ task: 9, attempt: 0 });
    await fleet.launch(first);
    ecs.tasks.clear();
    await fleet.kill(first);
    expect(ecs.count('StopTask')).toBe(1);
    await fleet.launch(first);
    ecs.end(arnOf(0));
    clock.at += 5000;
    await fleet.liveness(first);
    await fleet.kill(first);
    expect(ecs.count('StopTask')).toBe(1);
  });

  it('sends a slow task one StopTask only', async () => {
    const { ecs, fleet } = setUp();
    await fleet.launch(first);
    await fleet.kill(first);
    await fleet.kill(first);
    expect(ecs.count('StopTask')).toBe(1);
  });

  it('looks once for many that ECS does not know', async () => {
    const { ecs, fleet } = setUp();
    for (let task = 0; task < 50; task += 1) await fleet.kill({ task, attempt: 0 });
    expect(ecs.count('ListTasks')).toBe(2);
  });

  it('keeps to the rate of StopTask', async () => {
    const { clock, fleet } = setUp();
    for (let task = 0; task < 180; task += 1) await fleet.launch({ task, attempt: 0 });
    for (let task = 0; task < 180; task += 1) await fleet.kill({ task, attempt: 0 });
    expect(clock.slept).toBe(2000); // 100 at once, 80 at 40 a second
  });

  it('says what it cannot stop', async () => {
    const { ecs, fleet } = setUp();
    await fleet.launch(first);
    ecs.intercept = () => awsError('AccessDeniedException', 'not authorized to perform ecs:StopTask');
    await expect(fleet.kill(first)).rejects.toThrow(`cannot stop task 0 (${arnOf(0)}): AccessDenied`);
  });
});

describe('killAll', () => {
  it('stops every task of the run, including one that shows up late, and no task of another run', async () => {
    const { ecs, clock, fleet } = setUp();
    for (let task = 0; task < 230; task += 1) await fleet.launch({ task, attempt: 0 });
    ecs.hidden.add(arnOf(229));
    await setUp({ ecs, run: 'another-run' }).fleet.launch(first);
    const sleep = clock.sleep;
    clock.sleep = async (ms) => {
      ecs.hidden.clear();
      await sleep(ms);
    };
    await setUp({ ecs }).fleet.killAll();
    ecs.hidden.clear();
    await fleet.killAll();
    const running = [...ecs.tasks.values()].filter(({ desiredStatus }) => desiredStatus === 'RUNNING');
    expect(running.map(({ startedBy }) => startedBy)).toEqual(['another-run']);
    expect(ecs.count('StopTask')).toBe(230);
  });

  it('retries through throttling, up to a limit', async () => {
    const { ecs, clock, fleet } = setUp();
    await fleet.launch(first);
    let refusals = 0;
    ecs.intercept = ({ name }) =>
      name === 'StopTask' && ++refusals < 4 ? awsError('ThrottlingException', 'Rate exceeded') : undefined;
    await fleet.killAll();
    expect(ecs.tasks.get(arnOf(0))?.desiredStatus).toBe('STOPPED');
    await fleet.launch({ task: 1, attempt: 0 });
    ecs.intercept = ({ name }) => (name === 'StopTask' ? awsError('ThrottlingException', 'Rate exceeded') : undefined);
    await expect(fleet.killAll()).rejects.toThrow(
      `tasks of run ${RUN} may still be running in cluster fleet after 400 s (ThrottlingException: Rate exceeded)`,
    );
    expect(clock.slept).toBeLessThan(500_000);
  });

  it('says at once what ECS refuses', async () => {
    const { ecs, fleet } = setUp();
    ecs.intercept = () => awsError('AccessDeniedException', 'not authorized to perform ecs:ListTasks');
    await expect(fleet.killAll()).rejects.toThrow(`cannot stop the tasks of run ${RUN}: AccessDenied`);
  });
});
