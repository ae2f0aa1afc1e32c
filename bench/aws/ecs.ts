/** ECS's answers to RunTask and DescribeTasks: tasks that run at once, described with every field that ECS returns. */

interface RunTaskInput {
  startedBy: string;
  taskDefinition: string;
  overrides: { containerOverrides: { environment: { name: string; value: string }[] }[] };
}

const PREFIX = 'arn:aws:ecs:us-east-1:123456789012';

export class EcsTasks {
  /** The JSON of each task, by ARN: serialized once, because this process must use little CPU. */
  private readonly descriptions = new Map<string, string>();

  /** @param onLaunch gets the environment of each task that is launched */
  constructor(private readonly onLaunch: (env: Record<string, string>) => void) {}

  /** The answer's JSON. @throws Error on an operation that is not implemented */
  answer(operation: string, input: string): string {
    switch (operation) {
      case 'RunTask':
        return `{"tasks":[${this.run(JSON.parse(input) as RunTaskInput)}],"failures":[]}`;
      case 'DescribeTasks': {
        const { tasks } = JSON.parse(input) as { tasks: string[] };
        return `{"tasks":[${tasks.flatMap((arn) => this.descriptions.get(arn) ?? []).join(',')}],"failures":[]}`;
      }
      case 'ListTasks':
        return JSON.stringify({ taskArns: [...this.descriptions.keys()] });
      default:
        throw new Error(`the simulated ECS does not implement ${operation}`);
    }
  }

  private run({ startedBy, taskDefinition, overrides }: RunTaskInput): string {
    const env = overrides.containerOverrides[0]?.environment ?? [];
    this.onLaunch(Object.fromEntries(env.map(({ name, value }) => [name, value])));
    const id = String(this.descriptions.size).padStart(32, '0');
    const taskArn = `${PREFIX}:task/fleet/${id}`;
    const at = Date.now() / 1000;
    const task = JSON.stringify({
      attachments: [
        {
          id: `11111111-2222-3333-4444-${id.slice(-12)}`,
          type: 'ElasticNetworkInterface',
          status: 'ATTACHED',
          details: [
            { name: 'subnetId', value: 'subnet-0123456789abcdef0' },
            { name: 'networkInterfaceId', value: `eni-${id.slice(-17)}` },
            { name: 'macAddress', value: '02:00:00:00:00:00' },
            { name: 'privateDnsName', value: 'ip-10-0-0-1.ec2.internal' },
            { name: 'privateIPv4Address', value: '10.0.0.1' },
          ],
        },
      ],
      attributes: [{ name: 'ecs.cpu-architecture', value: 'arm64' }],
      availabilityZone: 'us-east-1a',
      capacityProviderName: 'FARGATE',
      clusterArn: `${PREFIX}:cluster/fleet`,
      connectivity: 'CONNECTED',
      connectivityAt: at,
      containers: [
        {
          containerArn: `${PREFIX}:container/fleet/${id}/11111111-2222-3333-4444-${id.slice(-12)}`,
          taskArn,
          name: 'worker',
          image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/assets:0123456789abcdef',
          imageDigest: `sha256:${'0'.repeat(64)}`,
          runtimeId: `${id}-1234567890`,
          lastStatus: 'RUNNING',
          networkBindings: [],
          networkInterfaces: [{ attachmentId: '11111111-2222-3333-4444-555555555555', privateIpv4Address: '10.0.0.1' }],
          healthStatus: 'UNKNOWN',
          cpu: '0',
        },
      ],
      cpu: '1024',
      createdAt: at,
      desiredStatus: 'RUNNING',
      enableExecuteCommand: false,
      group: 'family:fleet',
      healthStatus: 'UNKNOWN',
      lastStatus: 'RUNNING',
      launchType: 'FARGATE',
      memory: '2048',
      overrides,
      platformVersion: '1.4.0',
      platformFamily: 'Linux',
      pullStartedAt: at,
      pullStoppedAt: at,
      startedAt: at,
      startedBy,
      tags: [],
      taskArn,
      taskDefinitionArn: taskDefinition,
      version: 4,
      ephemeralStorage: { sizeInGiB: 20 },
    });
    this.descriptions.set(taskArn, task);
    return task;
  }
}
