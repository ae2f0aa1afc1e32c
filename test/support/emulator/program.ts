import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** From SIGTERM to SIGKILL, ms. */
const GRACE_MS = 10_000;

/** A program of the emulator, in its own process group, with its output in a file. It exits when its stdin is closed. */
export class Program {
  readonly name: string;
  private readonly logFile: string;
  private readonly child: ChildProcess;
  private readonly closed: Promise<void>;
  private lastLog: string | null = null;

  constructor(name: string, dir: string, file: string, args: string[], env: NodeJS.ProcessEnv) {
    this.name = name;
    this.logFile = join(dir, `${name}.log`);
    const output = openSync(this.logFile, 'a');
    this.child = spawn(file, args, { env, stdio: ['pipe', output, output], detached: true });
    closeSync(output);
    this.closed = new Promise((resolve) => {
      this.child.once('exit', () => resolve());
      // If the program does not exist, there is no `exit` event.
      this.child.once('error', () => resolve());
    });
  }

  get ended(): boolean {
    const { exitCode, signalCode, pid } = this.child;
    return exitCode !== null || signalCode !== null || pid === undefined;
  }

  log(): string {
    if (this.lastLog !== null) return this.lastLog;
    return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8') : '';
  }

  /** Ends it with SIGTERM, then kills what is left of its process group. */
  async end(): Promise<void> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.kill(), GRACE_MS);
    await this.closed;
    clearTimeout(timer);
    this.kill();
    this.lastLog ??= this.log();
  }

  /** Kills the process group at once, for the exit of this process. */
  kill(): void {
    this.signal('SIGKILL');
  }

  private signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    const { pid } = this.child;
    if (pid === undefined) return;
    try {
      // SIGTERM goes to the program only, which ends its children; SIGKILL to its whole group.
      process.kill(signal === 'SIGKILL' ? -pid : pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
