import {
  DescribeTasksCommand,
  type DescribeTasksCommandOutput,
  type ECSClient,
  ListTasksCommand,
  type ListTasksCommandInput,
  type Task,
} from '@aws-sdk/client-ecs';
import { WorkerEnv } from '../../core/contract/env.ts';
import type { FleetInfo } from '../../core/contract/stack.ts';
import { errorLine } from '../../core/errors.ts';
import type { TaskLiveness, TaskRef } from '../../core/ports.ts';
import { isTransient } from './errors.ts';
import { SingleFlight } from './single-flight.ts';
import { stoppedText } from './stopped.ts';

export interface TaskTrackerOptions {
  client: Pick<ECSClient, 'send'>;
  run: string;
  info: Pick<FleetInfo, 'cluster' | 'taskDefinition' | 'container'>;
  /** Unix ms. */
  now: () => number;
  /** How old the known state may be, ms. */
  maxAgeMs: number;
  /** How long ECS may not list a task that exists, ms. */
  graceMs: number;
}

interface TrackedTask {
  arn: string;
  /** When this process first saw it, Unix ms. */
  since: number;
  /** Why it is gone; null: it is not known to have stopped. */
  gone: string | null;
}

/** The maximum of DescribeTasks. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html */
const DESCRIBED_AT_ONCE = 100;
/**
 * A task that is stopping still sends load. In DEPROVISIONING its containers have ended, and only its network interface
 * is being detached, which can take half a minute.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
 */
const ENDED: ReadonlySet<string> = new Set(['DEPROVISIONING', 'STOPPED', 'DELETED']);
/** How long the last response counts if ECS does not respond, ms. */
const PATIENCE_MS = 60_000;

/**
 * What ECS knows of a run's tasks. Tasks that this process launched are known by their ARN; for any other it lists the
 * run's tasks and identifies them by their environment.
 */
export class TaskTracker {
  private readonly tracked = new Map<string, TrackedTask>();
  /** ARNs that need no further description: tracked tasks, and stopped tasks of other runs. */
  private readonly seenArns = new Set<string>();
  /** Tasks that ECS did not list: since when, Unix ms. */
  private readonly missing = new Map<string, number>();
  private readonly list: SingleFlight;
  private readonly refresh: SingleFlight;
  /** When the last successful list was requested, Unix ms. */
  private listedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: TaskTrackerOptions) {
    this.list = this.patient(() => this.findTasks());
    this.refresh = this.patient(() => this.describeTracked());
  }

  add(ref: TaskRef, arn: string): void {
    const key = keyOf(ref);
    if (this.tracked.get(key)?.arn === arn) return;
    this.tracked.set(key, { arn, since: this.options.now(), gone: null });
    this.seenArns.add(arn);
  }

  /** A thousand calls within `maxAgeMs` cost ten requests. */
  async liveness(ref: TaskRef): Promise<TaskLiveness> {
    const key = keyOf(ref);
    if (!this.tracked.has(key)) {
      if (!this.missing.has(key)) this.missing.set(key, this.options.now());
      await this.list.get();
    }
    await this.refresh.get();
    const known = this.tracked.get(key);
    if (known !== undefined) return known.gone === null ? ALIVE : { state: 'gone', reason: known.gone };
    // ECS's lists are eventually consistent: a task that was just launched may not be in them. Without a list it is not
    // known to be missing.
    const unknownFor = this.listedAt - (this.missing.get(key) ?? 0);
    return unknownFor < this.options.graceMs ? ALIVE : { state: 'gone', reason: 'ECS knows no such task' };
  }

  /** The ARN of a task that may still run; null: there is none. */
  async runningArn(ref: TaskRef): Promise<string | null> {
    if (!this.tracked.has(keyOf(ref))) await this.list.get();
    const known = this.tracked.get(keyOf(ref));
    return known === undefined || known.gone !== null ? null : known.arn;
  }

  /** Tolerates transient errors for PATIENCE_MS, but no refusal. @throws Error of one line */
  private patient(request: () => Promise<void>): SingleFlight {
    const { now, run, maxAgeMs } = this.options;
    let failingSince: number | null = null;
    const patiently = async () => {
      try {
        await request();
        failingSince = null;
      } catch (error) {
        failingSince ??= now();
        if (isTransient(error) && now() - failingSince < PATIENCE_MS) return;
        throw new Error(`cannot list or describe the tasks of run ${run} in ECS: ${errorLine(error)}`);
      }
    };
    return new SingleFlight(patiently, maxAgeMs, now);
  }

  private async findTasks(): Promise<void> {
    const { run, info, now } = this.options;
    const askedAt = now();
    // startedBy "must be the only filter", so stopped tasks, which ECS lists for an hour, are found by family.
    // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
    const [running, stopped] = await Promise.all([
      this.arnsOf({ startedBy: run }),
      this.arnsOf({ family: familyOf(info.taskDefinition), desiredStatus: 'STOPPED' }),
    ]);
    const news = [...new Set([...running, ...stopped])].filter((arn) => !this.seenArns.has(arn));
    const { tasks } = await this.describe(news);
    for (const task of tasks) this.track(task);
    this.listedAt = askedAt;
  }

  private track(task: Task): void {
    const arn = task.taskArn ?? '';
    this.seenArns.add(arn);
    const ref = task.startedBy === this.options.run ? refOf(task) : null;
    if (ref === null) return;
    const known = this.tracked.get(keyOf(ref));
    const gone = this.goneReason(task);
    if (known === undefined || (known.gone !== null && gone === null)) {
      this.tracked.set(keyOf(ref), { arn, since: this.options.now(), gone });
    }
  }

  private async describeTracked(): Promise<void> {
    const alive = [...this.tracked.values()].filter(({ gone }) => gone === null);
    const { tasks, missing } = await this.describe(alive.map(({ arn }) => arn));
    const byArn = new Map(tasks.map((task) => [task.taskArn, task]));
    for (const member of alive) {
      const task = byArn.get(member.arn);
      if (task !== undefined) member.gone = this.goneReason(task);
      else if (missing.has(member.arn) && this.options.now() - member.since >= this.options.graceMs) {
        member.gone = 'ECS no longer knows it: it stopped more than an hour ago, or its cluster is gone';
      }
    }
  }

  private goneReason(task: Task): string | null {
    return ENDED.has(task.lastStatus ?? '') ? stoppedText(task, this.options.info.container) : null;
  }

  private async describe(arns: string[]): Promise<{ tasks: Task[]; missing: Set<string> }> {
    const { client, info } = this.options;
    const calls: Promise<DescribeTasksCommandOutput>[] = [];
    for (let from = 0; from < arns.length; from += DESCRIBED_AT_ONCE) {
      const tasks = arns.slice(from, from + DESCRIBED_AT_ONCE);
      calls.push(client.send(new DescribeTasksCommand({ cluster: info.cluster, tasks })));
    }
    const answers = await Promise.all(calls);
    const failures = answers.flatMap(({ failures: list }) => list ?? []);
    return {
      tasks: answers.flatMap(({ tasks }) => tasks ?? []),
      missing: new Set(failures.filter(({ reason }) => reason === 'MISSING').map(({ arn }) => arn ?? '')),
    };
  }

  private arnsOf(filter: ListTasksCommandInput): Promise<string[]> {
    return listTasks(this.options.client, { cluster: this.options.info.cluster, ...filter });
  }
}

/** All pages of ListTasks. Without `desiredStatus`: the tasks that ECS has not been asked to stop. */
export async function listTasks(client: Pick<ECSClient, 'send'>, filter: ListTasksCommandInput): Promise<string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(new ListTasksCommand({ ...filter, ...(nextToken && { nextToken }) }));
    arns.push(...(page.taskArns ?? []));
    nextToken = page.nextToken;
  } while (nextToken);
  return arns;
}

const ALIVE: TaskLiveness = { state: 'alive' };

const keyOf = ({ task, attempt }: TaskRef): string => `${task}/${attempt}`;

/** `fleet` of `arn:aws:ecs:us-east-1:123456789012:task-definition/fleet:7`. */
const familyOf = (taskDefinition: string): string => taskDefinition.split('/').at(-1)?.split(':')[0] ?? '';

/** Which task it is, by the environment it is launched with; null: none of a fleet's. */
export function refOf({ overrides }: Pick<Task, 'overrides'>): TaskRef | null {
  const variables = (overrides?.containerOverrides ?? []).flatMap(({ environment }) => environment ?? []);
  const numberOf = (name: string) => Number(variables.find((variable) => variable.name === name)?.value ?? Number.NaN);
  const ref = { task: numberOf(WorkerEnv.task), attempt: numberOf(WorkerEnv.attempt) };
  return Number.isInteger(ref.task) && Number.isInteger(ref.attempt) ? ref : null;
}
