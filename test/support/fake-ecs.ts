import type { ECSClient, RunTaskCommandInput, Task } from '@aws-sdk/client-ecs';

/** What a test sees of one call. */
export interface Call {
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into any request
  input: any;
}

/** An error as the SDK throws it. */
export const awsError = (name: string, message = name, more: object = {}): Error =>
  Object.assign(new Error(message), { name, ...more });

/** ECS's part that a fleet uses, with its idempotency, its pages of 100 and its order of states. */
export class FakeEcs {
  readonly calls: Call[] = [];
  readonly tasks = new Map<string, Task>();
  private readonly tokens = new Map<string, string>();
  /** Tasks that lists and descriptions do not show yet. */
  readonly hidden = new Set<string>();
  /** Answers a call in ECS's place; undefined: ECS answers. */
  // biome-ignore lint/suspicious/noExplicitAny: it may answer anything
  intercept: (call: Call) => any = () => undefined;

  get client(): Pick<ECSClient, 'send'> {
    return {
      send: async (command: { constructor: { name: string }; input: object }) => {
        const call = { name: command.constructor.name.replace(/Command$/, ''), input: command.input };
        this.calls.push(call);
        const answer = this.intercept(call);
        if (answer instanceof Error) throw answer;
        return answer ?? this.answer(call);
      },
    } as unknown as Pick<ECSClient, 'send'>;
  }

  count(name: string): number {
    return this.calls.filter((call) => call.name === name).length;
  }

  /** Ends a task as ECS would. */
  end(arn: string, how: Partial<Task> = {}): void {
    Object.assign(this.tasks.get(arn) ?? {}, { lastStatus: 'STOPPED', desiredStatus: 'STOPPED', ...how });
  }

  private answer({ name, input }: Call): object {
    switch (name) {
      case 'RunTask':
        return { tasks: [this.start(input)], failures: [] };
      case 'ListTasks':
        return this.page(input);
      case 'DescribeTasks':
        return this.describe(input.tasks);
      case 'StopTask': {
        const task = this.tasks.get(input.task);
        if (task === undefined) throw awsError('InvalidParameterException', 'The referenced task was not found.');
        Object.assign(task, { desiredStatus: 'STOPPED' });
        return { task };
      }
      default:
        throw new Error(`the fake has no ${name}`);
    }
  }

  private start(input: RunTaskCommandInput): Task {
    const token = input.clientToken ?? '';
    const known = this.tasks.get(this.tokens.get(token) ?? '');
    if (known !== undefined) return known;
    const taskArn = `arn:aws:ecs:us-east-1:1:task/fleet/${this.tasks.size}`;
    const task: Task = {
      taskArn,
      lastStatus: 'PROVISIONING',
      desiredStatus: 'RUNNING',
      startedBy: input.startedBy,
      taskDefinitionArn: input.taskDefinition,
      overrides: input.overrides,
      containers: [{ name: 'worker' }],
    };
    this.tasks.set(taskArn, task);
    this.tokens.set(token, taskArn);
    return task;
  }

  private page(input: { startedBy?: string; family?: string; desiredStatus?: string; nextToken?: string }): object {
    const filters = [input.startedBy, input.family, input.desiredStatus].filter((filter) => filter !== undefined);
    if (input.startedBy !== undefined && filters.length > 1) {
      throw awsError('InvalidParameterException', 'startedBy must be the only filter');
    }
    const all = [...this.tasks.values()].filter(
      (task) =>
        !this.hidden.has(task.taskArn ?? '') &&
        task.desiredStatus === (input.desiredStatus ?? 'RUNNING') &&
        (input.startedBy === undefined || task.startedBy === input.startedBy) &&
        (input.family === undefined || task.taskDefinitionArn?.includes(`/${input.family}:`)),
    );
    const from = Number(input.nextToken ?? 0);
    return {
      taskArns: all.slice(from, from + 100).map(({ taskArn }) => taskArn),
      ...(all.length > from + 100 && { nextToken: String(from + 100) }),
    };
  }

  private describe(arns: string[]): object {
    if (arns.length === 0 || arns.length > 100) throw awsError('InvalidParameterException', 'give 1 to 100 tasks');
    const known = arns.filter((arn) => this.tasks.has(arn) && !this.hidden.has(arn));
    return {
      tasks: known.map((arn) => structuredClone(this.tasks.get(arn))),
      failures: arns.filter((arn) => !known.includes(arn)).map((arn) => ({ arn, reason: 'MISSING' })),
    };
  }
}
