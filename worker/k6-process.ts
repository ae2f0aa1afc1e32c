import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { K6Exit } from '../core/contract/exit-codes.ts';
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

/** How long k6 may take to end after it was asked to, ms: an interrupted iteration ends at once, outputs flush. */
export const STOP_GRACE_MS = 20_000;

const PORT_TRIES = 5;

/** One k6 process. Its REST API listens on a free loopback port. */
export class K6Process {
  /** Resolves with the exit code when k6 is gone and all its output has been read; -1: killed by a signal. */
  readonly exited: Promise<number>;
  exitCode: number | null = null;
  readonly api: K6Api;

  private constructor(
    private readonly child: ChildProcess,
    port: number,
    options: K6Options,
  ) {
    this.api = new K6Api(`127.0.0.1:${port}`);
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', options.log.source());
    const cells = child.stdio[3] as Readable;
    splitLines(cells, options.onCells);
    const drained = new Promise<void>((resolve) => cells.once('close', resolve));
    const closed = new Promise<number>((resolve) => {
      child.once('error', (error) => {
        options.log.line(error.message);
        resolve(-1);
      });
      child.once('close', (code) => resolve(code ?? -1));
    });
    this.exited = closed.then(async (code) => {
      if (child.pid !== undefined) await drained;
      this.exitCode = code;
      return code;
    });
  }

  get pid(): number | null {
    return this.child.pid ?? null;
  }

  /**
   * Starts `k6 run --paused` and waits until its VUs are initialised.
   * @returns the process, paused before the run; or, where it ended before, exited with its code.
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
      // Somebody else took the port between our look and k6's.
      if (code === K6Exit.cannotStartRest && attempt < PORT_TRIES) continue;
      return k6;
    }
  }

  /** Waits until the execution status is at least `status`, or k6 is gone. */
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

  /** Asks k6 to end and waits for it; kills it after `graceMs`. */
  async terminate(graceMs: number): Promise<number> {
    this.child.kill('SIGTERM');
    return this.exitedWithin(graceMs);
  }

  /** Aborts the test as k6's API does, then as `terminate`. */
  async abort(graceMs: number): Promise<number> {
    try {
      await this.api.stop();
    } catch {
      this.child.kill('SIGTERM'); // gone already, or not listening yet
    }
    return this.exitedWithin(graceMs);
  }

  private async exitedWithin(graceMs: number): Promise<number> {
    const timer = setTimeout(() => this.child.kill('SIGKILL'), graceMs);
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

/** Calls back for each whole line. What follows the last newline is dropped: k6 died while writing it. */
function splitLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}
