import { encodeJson } from '../../../core/contract/codec.ts';
import { Control, type Job, workersMayExit } from '../../../core/contract/control.ts';
import { runKeys, taskKeys } from '../../../core/contract/keys.ts';
import type { Plan } from '../../../core/contract/plan.ts';
import { initialTaskStatus, type TaskStatus } from '../../../core/contract/task-status.ts';
import type { Window, WindowJob } from '../../../core/contract/window.ts';
import type { Clock, Store, TaskRef } from '../../../core/ports.ts';

/** What the workers have done, to compare with the result. */
export interface WorkerEvents {
  windows: (TaskRef & { seq: number; job: WindowJob; iterations: number })[];
  /** Jobs that a worker has reported as ended. */
  jobs: (TaskRef & { kind: Job['kind']; nr: number; exitCode: number | null })[];
  /** Attempts that loaded the setup data, and whether it existed. */
  armed: (TaskRef & { hasData: boolean })[];
}

export interface WorkerOptions {
  ref: TaskRef;
  plan: Plan;
  store: Store;
  clock: Clock;
  events: WorkerEvents;
  /** How long jobs take if not the usual time, ms. */
  jobMs?: Partial<Record<Job['kind'], number>>;
  /** 0 to 1. */
  random: () => number;
  /** Requests a second; absent: some in each window. */
  rate?: number;
  /** Called before and after each write of this worker; may kill the worker. */
  onWrite: (moment: 'before' | 'after') => void;
}

class Died extends Error {}

/** control.json parsed, by version: a thousand workers read the same one. */
const parsed = new WeakMap<Uint8Array, Control>();

/** How long a job takes, ms. */
const JOB_MS = 700;
/** How long a job takes to stop, ms. */
const STOP_MS = 400;
/** How long a write takes at most, ms. */
const WRITE_MS = 20;

/** A worker without a k6: it reads and writes the run's files as a real worker does. */
export class SimulatedWorker {
  alive = true;
  private frozen = false;
  private k6Dead = false;
  private readonly state: TaskStatus;
  private readonly bornAt: number;
  private readonly readyMs: number;
  private readonly run;
  private readonly keys;
  private started: number | null = null;
  /** Until when what the load has measured has been shipped, Unix ms. */
  private shippedUntil = 0;
  private job: { job: Job; endsAt: number; exitCode: number } | null = null;
  private lastJob = 0;
  private loadWindows = 0;

  constructor(private readonly options: WorkerOptions) {
    const { ref, plan, clock, random } = options;
    this.run = runKeys(plan.id);
    this.keys = taskKeys(plan.id, ref.task, ref.attempt);
    this.bornAt = clock.now();
    this.readyMs = random() * 2000;
    this.state = initialTaskStatus(ref.task, ref.attempt, 1);
  }

  /** It exits at once, and writes nothing more. */
  kill(): void {
    this.alive = false;
  }

  /** It stays alive, but does nothing more. */
  freeze(): void {
    this.frozen = true;
  }

  /** Its k6 is killed; the worker reports that. */
  killK6(): void {
    this.k6Dead = true;
  }

  async start(): Promise<void> {
    try {
      await this.work();
    } catch (error) {
      if (!(error instanceof Died)) throw error;
    } finally {
      this.alive = false;
    }
  }

  private async work(): Promise<void> {
    const { ref, plan, random } = this.options;
    for (;;) {
      await this.pause(plan.timing.controlPollIntervalMs * (0.5 + random()));
      const control = await this.readControl();
      const replaced = control.attempts[ref.task] !== ref.attempt;
      if (replaced || this.options.clock.now() > control.leaseUntil) {
        if (!this.hasEnded) await this.endLoad(105);
        return;
      }
      await this.serveLoad(control);
      await this.serveJob(control);
      if (workersMayExit(control.phase)) return;
    }
  }

  private get hasEnded(): boolean {
    return this.state.phase === 'done';
  }

  private async serveLoad(control: Control): Promise<void> {
    const { plan, clock, events, ref, store } = this.options;
    const { phase } = control;
    if (this.hasEnded) return;
    if (this.k6Dead) return this.endLoad(-1);
    if (phase === 'stopping' || workersMayExit(phase)) {
      // What was measured since the last window is shipped when k6 stops.
      if (this.started !== null) await this.ship('load');
      return this.endLoad(this.started === null ? 105 : 103);
    }
    if (phase === 'teardown' || phase === 'summary') return this.endLoad(null);
    if (this.state.phase === 'starting' && clock.now() >= this.bornAt + this.readyMs)
      await this.report({ phase: 'ready' });
    else if (this.state.phase === 'ready' && phase === 'arming') {
      events.armed.push({ ...ref, hasData: (await store.get(this.run.setupData)) !== null });
      await this.report({ phase: 'armed' });
    } else if ((this.state.phase === 'ready' || this.state.phase === 'armed') && phase === 'running') {
      const startAt = control.startAt ?? Number.NaN;
      await this.pause(startAt - clock.now());
      this.started = startAt;
      this.shippedUntil = startAt;
      await this.report({ phase: 'running', startSkewMs: clock.now() - startAt });
    } else if (this.started !== null) {
      const shipped = this.loadWindows;
      if (clock.now() < this.started + (shipped + 1) * plan.timing.windowMs) return;
      await this.ship('load');
      if ((shipped + 1) * plan.timing.windowMs >= plan.durationMs) await this.endLoad(0);
    }
  }

  private async serveJob({ job, phase }: Control): Promise<void> {
    const { ref, clock } = this.options;
    if (this.job !== null) {
      if (phase === 'stopping' && this.job.job.kind === 'setup' && this.job.exitCode === 0) {
        this.job = { ...this.job, endsAt: clock.now() + STOP_MS, exitCode: 105 };
      }
      if (clock.now() >= this.job.endsAt) await this.endJob(this.job.job, this.job.exitCode);
    } else if (job !== null && sameTask(job, ref) && job.nr > this.lastJob) {
      this.lastJob = job.nr;
      if (phase === 'stopping') {
        await this.report({ job: { nr: job.nr, exitCode: null, durationMs: 0, message: null, logTail: [] } });
        return;
      }
      this.job = { job, endsAt: clock.now() + (this.options.jobMs?.[job.kind] ?? JOB_MS), exitCode: 0 };
      if (job.kind !== 'summary') await this.ship(job.kind);
    }
  }

  private async endJob({ kind, nr }: Job, exitCode: number): Promise<void> {
    const { ref, events } = this.options;
    this.job = null;
    if (kind !== 'summary') await this.ship(kind);
    if (kind === 'setup' && exitCode === 0) {
      await this.write(this.run.setupData, 'token');
    }
    const done = { nr, exitCode, durationMs: JOB_MS, message: null, logTail: [] };
    await this.report({ job: done }, () => events.jobs.push({ ...ref, kind, nr, exitCode }));
  }

  private endLoad(exitCode: number | null): Promise<void> {
    return this.report({ phase: 'done', exitCode, endedAt: this.options.clock.now() });
  }

  /** Ships one window with some iterations. */
  private async ship(job: WindowJob): Promise<void> {
    const { ref, clock, events } = this.options;
    // Not random: a task measures the same whatever the coordinators do.
    const seq = this.state.windows;
    let iterations = 1 + ((7 * ref.task + 5 * ref.attempt + 3 * seq) % 9);
    const t = Math.floor(clock.now() / 1000);
    const counter = (name: string) => ({
      name,
      type: 'counter' as const,
      contains: 'default' as const,
      series: [{ values: { sum: iterations } }],
    });
    const metrics = [counter('iterations'), counter('http_reqs')];
    const seconds = job === 'load' ? this.seconds() : null;
    const lines: Window['lines'] = [seconds ?? { v: 1, wall: 1, cells: [{ t, metrics }] }];
    if (seconds !== null) iterations = seconds.cells.length;
    const window: Window = { v: 1, ...ref, seq, job, busy: 0, lines };
    await this.write(this.keys.window(seq), window, () => {
      events.windows.push({ ...ref, seq, job, iterations });
      if (job === 'load') this.loadWindows += 1;
    });
    this.state.windows += 1;
  }

  /** The whole seconds since the last window; at the end of the load what is left of it. Null without a rate. */
  private seconds(): Window['lines'][number] | null {
    const { rate, clock, plan } = this.options;
    if (rate === undefined) return null;
    const endMs = (this.started ?? 0) + plan.durationMs;
    const end = clock.now() >= endMs;
    const until = end ? endMs : Math.floor(clock.now() / 1000) * 1000;
    const cells: Window['lines'][number]['cells'] = [];
    for (let t = Math.floor(this.shippedUntil / 1000); t * 1000 < until; t++) {
      const ms = Math.min(until, (t + 1) * 1000) - Math.max(this.shippedUntil, t * 1000);
      const counter = (name: string, sum: number) => {
        return { name, type: 'counter' as const, contains: 'default' as const, series: [{ values: { sum } }] };
      };
      const vus = { last: 1, at: t * 1000 + 999, min: 1, max: 1 };
      const gauge = { name: 'vus', type: 'gauge' as const, contains: 'default' as const, series: [{ values: vus }] };
      cells.push({ t, metrics: [counter('http_reqs', (rate * ms) / 1000), counter('iterations', 1), gauge] });
    }
    this.shippedUntil = until;
    return { v: 1, wall: 1, cells, end };
  }

  private report(change: Partial<TaskStatus>, onWritten?: () => void): Promise<void> {
    Object.assign(this.state, change);
    return this.write(this.keys.status, this.state, onWritten);
  }

  private async write(key: string, body: unknown, onWritten?: () => void): Promise<void> {
    this.options.onWrite('before');
    await this.pause(this.options.random() * WRITE_MS);
    await this.options.store.put(key, encodeJson(body));
    onWritten?.();
    this.options.onWrite('after');
    await this.checkAlive();
  }

  private async readControl(): Promise<Control> {
    const object = await this.options.store.getVersioned(this.run.control);
    const body = object?.body ?? new Uint8Array();
    const control = parsed.get(body) ?? Control.parse(JSON.parse(Buffer.from(body).toString()));
    parsed.set(body, control);
    return control;
  }

  private async pause(ms: number): Promise<void> {
    await this.options.clock.sleep(ms);
    await this.checkAlive();
  }

  private async checkAlive(): Promise<void> {
    if (!this.alive) throw new Died();
    if (this.frozen) await new Promise(() => undefined);
  }
}

const sameTask = (a: TaskRef, b: TaskRef) => a.task === b.task && a.attempt === b.attempt;
