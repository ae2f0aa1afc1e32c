import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How long a program may take to end after SIGTERM, in ms. */
const GRACE = 10_000;

/** A program of the emulator, in a process group of its own, with its output in a file. Ends itself when its stdin ends. */
export class Program {
  readonly name: string;
  readonly #logFile: string;
  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;
  #lastLog: string | null = null;

  constructor(name: string, dir: string, file: string, args: string[], env: NodeJS.ProcessEnv) {
    this.name = name;
    this.#logFile = join(dir, `${name}.log`);
    const output = openSync(this.#logFile, 'a');
    this.#child = spawn(file, args, { env, stdio: ['pipe', output, output], detached: true });
    closeSync(output);
    this.#closed = new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      // A program that is not there: `exit` never comes.
      this.#child.once('error', () => resolve());
    });
  }

  get ended(): boolean {
    const { exitCode, signalCode, pid } = this.#child;
    return exitCode !== null || signalCode !== null || pid === undefined;
  }

  log(): string {
    if (this.#lastLog !== null) return this.#lastLog;
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : '';
  }

  /** Lets it end in good order, and all its descendants in its process group with it. */
  async end(): Promise<void> {
    this.#signal('SIGTERM');
    const timer = setTimeout(() => this.kill(), GRACE);
    await this.#closed;
    clearTimeout(timer);
    this.kill();
    this.#lastLog ??= this.log();
  }

  /** For the end of this process, when there is no time left. */
  kill(): void {
    this.#signal('SIGKILL');
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      // SIGTERM is for the program alone, which ends its own; SIGKILL for what is left of its group.
      process.kill(signal === 'SIGKILL' ? -pid : pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
