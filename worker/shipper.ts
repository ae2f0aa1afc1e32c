import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { RunFiles } from '../core/contract/run-files.ts';
import type { WindowJob } from '../core/contract/window.ts';
import type { TaskRef } from '../core/ports.ts';
import { type CpuMeter, cpuMeter } from './cpu-meter.ts';
import { Redactor, redactCells } from './redactor.ts';

const zip = promisify(gzip);

/** Waits before the retries of a window that could not be written, ms. */
const RETRY_DELAYS_MS = [100, 300, 1000, 3000];

/**
 * Ships the lines of the fleet output as windows, in order and without gaps: a window that cannot be written is the last
 * one, so a reader never skips any.
 */
export class Shipper {
  /** How many windows are in the store. */
  shipped = 0;
  /** Set once a window could not be written despite all retries; nothing is shipped from then on. */
  error: Error | null = null;

  private redactor: Redactor | null = null;
  private pending: { job: WindowJob; lines: string[] }[] = [];
  private timer: NodeJS.Timeout | null = null;
  private flushing: Promise<void> = Promise.resolve();

  constructor(
    private readonly files: RunFiles,
    private readonly ref: TaskRef,
    private readonly onError: (error: Error) => void,
    private readonly cpu: CpuMeter = cpuMeter(null, () => []),
  ) {}

  /** Ships every `windowMs`, first after a random part of it: a thousand workers must not ship at the same time. */
  start(windowMs: number): void {
    const shipAfter = (ms: number) => {
      this.timer = setTimeout(() => {
        void this.flush();
        shipAfter(windowMs);
      }, ms);
    };
    shipAfter(Math.random() * windowMs);
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /** Redacts these values in the tags of everything added from now on. */
  redact(secrets: string[]): void {
    this.redactor = secrets.length === 0 ? null : new Redactor(secrets);
  }

  add(job: WindowJob, line: string): void {
    const shown = this.redactor === null ? line : redactCells(line, this.redactor);
    const last = this.pending.at(-1);
    if (last?.job === job) last.lines.push(shown);
    else this.pending.push({ job, lines: [shown] });
  }

  /** Drops what was measured but not shipped. */
  discard(): void {
    this.pending = [];
  }

  /** Ships everything pending. Once it resolves, the store has it, or `error` is set. */
  flush(): Promise<void> {
    this.flushing = this.flushing.then(() => this.flushNow());
    return this.flushing;
  }

  private async flushNow(): Promise<void> {
    while (this.pending.length > 0 && this.error === null) {
      const batch = this.pending.shift();
      if (batch === undefined) return;
      // A `Window`; its lines are JSON already and need not be parsed and printed again.
      const { task, attempt } = this.ref;
      const { busy, own } = this.cpu.read();
      const use = own === null ? { busy } : { busy, own };
      const head = JSON.stringify({ v: 1, task, attempt, seq: this.shipped, job: batch.job, ...use });
      const body = await zip(`${head.slice(0, -1)},"lines":[${batch.lines.join(',')}]}`, { level: 6 });
      await this.write(body);
    }
  }

  private async write(body: Uint8Array): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await this.files.task(this.ref.task, this.ref.attempt).putWindow(this.shipped, body);
        this.shipped += 1;
        return;
      } catch (error) {
        const wait = RETRY_DELAYS_MS[attempt];
        if (wait === undefined) {
          this.error = error as Error;
          this.onError(this.error);
          return;
        }
        await sleep(wait);
      }
    }
  }
}
