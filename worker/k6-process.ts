import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { K6Exit } from '../core/contract/exit-codes.ts';
import { isStopped } from '../core/run/k6-exit.ts';
import { K6Api, K6Status } from './k6-api.ts';
import type { LogBuffer } from './log-buffer.ts';

export interface K6Options {
  binary: string;
  /** Arguments after `k6 run`, without the address. */
  args: string[];
  env: NodeJS.ProcessEnv;
  log: LogBuffer;
  /** Called with each line of the fleet output, in order. */
  onCells: (line: string) => void;
}

/** How long k6 may take to exit after it was asked to stop under load, ms: iterations are interrupted, outputs flushed. */
export const LOAD_STOP_GRACE_MS = 20_000;

const MAX_PORT_ATTEMPTS = 5;
/** The longest that setTimeout waits, ms; beyond it does not wait at all. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** One k6 process. Its REST API listens on a free loopback port. */
export class K6Process {
  /**
   * Resolves with the exit code once k6 has exited and all of its output has been read; -1: it was killed by `signal`, or
   * could not be started.
   */
  readonly exited: Promise<number>;
  /** Null while it runs. */
  exitCode: number | null = null;
  readonly api: K6Api;
  /** What this process logs, which goes to the log of the options, too. */
  readonly log: LogBuffer;
  /** The signal that killed it, if one did. */
  private signal: NodeJS.Signals | null = null;
  /** It was asked to stop. */
  private stopRequested = false;
  /** Signals that it got from us. */
  private readonly sent = new Set<NodeJS.Signals>();
  /** Why it could not be started, if so. */
  private spawnError: string | null = null;

  private constructor(
    private readonly child: ChildProcess,
    port: number,
    options: K6Options,
  ) {
    this.api = new K6Api(`127.0.0.1:${port}`);
    this.log = options.log.forProcess();
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', this.log.source());
    const cells = child.stdio[3] as Readable;
    splitLines(cells, options.onCells);
    const drained = new Promise<void>((resolve) => cells.once('close', resolve));
    const closed = new Promise<number>((resolve) => {
      child.once('error', (error) => {
        this.spawnError = error.message;
        this.log.line(error.message);
        resolve(-1);
      });
      child.once('close', (code, signal) => {
        this.signal = signal;
        resolve(code ?? -1);
      });
    });
    this.exited = closed.then(async (code) => {
      if (child.pid !== undefined) await drained;
      this.exitCode = code;
      return code;
    });
  }

  /** It failed for a reason of its own: with an exit code that no request to stop gives, or by a signal that is not ours. */
  get diedByItself(): boolean {
    const { exitCode, signal } = this;
    if (exitCode === null || exitCode === 0) return false;
    if (exitCode < 0) return signal === null || !this.sent.has(signal);
    return !(this.stopRequested && isStopped(exitCode));
  }

  /** How it ended, as one line for the user; null: with exit code 0, or not yet. */
  get exitMessage(): string | null {
    const { exitCode, signal } = this;
    if (exitCode === null || exitCode === 0) return null;
    if (this.spawnError !== null) return `k6 could not be started: ${this.spawnError}`;
    if (signal === null) return `k6 ended with exit code ${exitCode}`;
    return this.sent.has(signal)
      ? `k6 was killed (${signal}), because it did not exit in time after it was asked to`
      : `k6 was killed by ${signal}`;
  }

  get pid(): number | null {
    return this.child.pid ?? null;
  }

  /**
   * Starts `k6 run --paused` and waits until its VUs are initialised.
   * @returns the process, paused before its test or, if it failed to start, exited
   */
  static async startPaused(options: K6Options, onSpawn?: (k6: K6Process) => void): Promise<K6Process> {
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      const child = spawn(
        options.binary,
        ['run', '--quiet', '--no-color', '--paused', `--address=127.0.0.1:${port}`, ...options.args],
        { env: options.env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
      );
      const k6 = new K6Process(child, port, options);
      onSpawn?.(k6);
      const code = await Promise.race([k6.exited, k6.paused()]);
      // Another process took the port after we had found it free.
      if (code === K6Exit.cannotStartRest && attempt < MAX_PORT_ATTEMPTS) continue;
      return k6;
    }
  }

  /** Waits until the execution status is at least `status`, or k6 has exited. */
  async reached(status: number, everyMs = 25): Promise<void> {
    while (this.exitCode === null) {
      const now = await this.api.status();
      if (now !== null && now >= status) return;
      await sleep(everyMs);
    }
  }

  private async paused(): Promise<null> {
    await this.reached(K6Status.pausedBeforeRun, 50);
    return null;
  }

  /** Sends SIGTERM and waits until k6 has exited; kills it after `graceMs`. */
  terminate(graceMs: number): Promise<number> {
    this.stopRequested = true;
    this.send('SIGTERM');
    return this.exitedWithin(graceMs);
  }

  /** Aborts the test through k6's API, so that it exits with 103; kills k6 after `graceMs`. */
  abort(graceMs: number): Promise<number> {
    this.stopRequested = true;
    // If the call fails, k6 has exited, or does not listen yet. If k6 hangs, the call is never answered.
    this.api.stop().catch(() => this.send('SIGTERM'));
    return this.exitedWithin(graceMs);
  }

  private send(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.exitCode !== null) return;
    this.sent.add(signal);
    this.child.kill(signal);
  }

  private async exitedWithin(graceMs: number): Promise<number> {
    const timer = setTimeout(() => this.send('SIGKILL'), Math.min(graceMs, MAX_TIMER_MS));
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Calls back for each complete line. Text after the last newline is dropped: k6 was killed while writing it. */
function splitLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}
