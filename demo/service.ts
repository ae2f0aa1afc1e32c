import { initialState, METRIC_PERIOD_MS, type ScalingPolicy, step } from './autoscaler.ts';
import type { Capacity } from './capacity.ts';

export interface DemoEvent {
  /** Sequence number, from 1. */
  id: number;
  /** Unix ms. */
  at: number;
  message: string;
}

/** The response of GET /_demo/state. */
export interface DemoState {
  desired: number;
  running: number;
  pending: number;
  min: number;
  max: number;
  autoscaling: boolean;
  /** By how much the service's times are shorter than ECS's. */
  speed: number;
  /** The latest metric point, 0 to 1; null: none yet. */
  utilization: number | null;
  inService: number;
  queued: number;
  /** The latest `EVENTS_KEPT` events. */
  events: DemoEvent[];
}

const EVENTS_KEPT = 200;

/** From RunTask to a healthy target: image pull, start and two health checks, ms. Tasks take these times in turn. */
const TASK_START_MS = [30_000, 35_000, 40_000];

export interface ServiceOptions {
  policy: ScalingPolicy;
  autoscaling: boolean;
  speed: number;
  /** Unix ms. */
  now: () => number;
}

/** The stand-in for an ECS service: keeps as many tasks running as its autoscaler desires. */
export class Service {
  private scaling;
  private running: number;
  private started = 0;
  private utilization: number | null = null;
  private readonly events: DemoEvent[] = [];
  private eventId = 0;
  /** Timers of tasks that are starting, oldest first. */
  private readonly pending: NodeJS.Timeout[] = [];
  private metricTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly capacity: Capacity,
    private readonly options: ServiceOptions,
  ) {
    this.scaling = initialState(options.policy.minTasks);
    this.running = options.policy.minTasks;
    capacity.resize(this.running);
  }

  get state(): DemoState {
    const { policy, autoscaling, speed } = this.options;
    return {
      desired: this.scaling.desired,
      running: this.running,
      pending: this.pending.length,
      min: policy.minTasks,
      max: policy.maxTasks,
      autoscaling,
      speed,
      utilization: this.utilization,
      inService: this.capacity.inService,
      queued: this.capacity.queued,
      events: this.events,
    };
  }

  /** Starts measuring and scaling. */
  start(): void {
    this.metricTimer = setInterval(() => this.measure(), METRIC_PERIOD_MS / this.options.speed);
  }

  stop(): void {
    clearInterval(this.metricTimer);
    for (const timer of this.pending.splice(0)) clearTimeout(timer);
  }

  private measure(): void {
    const { policy, autoscaling, speed, now } = this.options;
    const utilization = this.capacity.takeUtilization();
    if (utilization === null) return;
    this.utilization = utilization;
    if (!autoscaling) return;
    // The policy has ECS's own times: its clock runs faster instead.
    const before = this.scaling.desired;
    this.scaling = step(this.scaling, { at: now() * speed, utilization, running: this.running }, policy);
    if (this.scaling.desired === before) return;
    this.report(`Successfully set desired count to ${this.scaling.desired}. Change successfully fulfilled by ecs.`);
    this.adjustTasks();
  }

  /** Starts or stops tasks until the running and pending ones are as many as desired. */
  private adjustTasks(): void {
    const { desired } = this.scaling;
    const missing = desired - this.running - this.pending.length;
    if (missing > 0) this.startTasks(missing);
    if (missing < 0) this.removeTasks(-missing);
  }

  private startTasks(tasks: number): void {
    this.report(`(service demo) has started ${count(tasks)}.`);
    for (let i = 0; i < tasks; i++) {
      const delay = (TASK_START_MS[this.started++ % TASK_START_MS.length] ?? 0) / this.options.speed;
      const timer = setTimeout(() => {
        this.pending.splice(this.pending.indexOf(timer), 1);
        this.running += 1;
        this.capacity.resize(this.running);
        this.report('(service demo) registered 1 target in (target-group demo).');
        this.reportIfSteady();
      }, delay);
      this.pending.push(timer);
    }
  }

  /** Cancels pending tasks first, then drains running ones. */
  private removeTasks(tasks: number): void {
    const cancelled = this.pending.splice(Math.max(0, this.pending.length - tasks));
    for (const timer of cancelled) clearTimeout(timer);
    const drained = tasks - cancelled.length;
    if (drained > 0) {
      this.running -= drained;
      this.capacity.resize(this.running);
      this.report(`(service demo) has begun draining connections on ${count(drained)}.`);
    }
    this.reportIfSteady();
  }

  private reportIfSteady(): void {
    if (this.running === this.scaling.desired) this.report('(service demo) has reached a steady state.');
  }

  private report(message: string): void {
    this.events.push({ id: ++this.eventId, at: this.options.now(), message });
    if (this.events.length > EVENTS_KEPT) this.events.shift();
  }
}

const count = (tasks: number): string => `${tasks} ${tasks === 1 ? 'task' : 'tasks'}`;
