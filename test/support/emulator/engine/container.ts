import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { ImageSpec } from './images.ts';
import { prepareLaunch } from './launch.ts';
import { type ContainerConfig, EXIT_NOT_STARTED, frame, type OutputStream } from './protocol.ts';

/** What of a container's output is kept for who asks later, in bytes. */
const LOG_LIMIT = 4 << 20;

type Signal = 'SIGTERM' | 'SIGKILL' | 'SIGINT';

/** A container: one process of this machine and all its descendants, with a folder that ends with it. */
export class Container {
  readonly id: string;
  readonly name: string;
  readonly config: ContainerConfig;
  readonly createdAt = new Date();
  status: 'created' | 'running' | 'exited' = 'created';
  exitCode = 0;
  startedAt: Date | null = null;
  finishedAt: Date | null = null;

  readonly #image: ImageSpec;
  readonly #dir: string;
  #process: ChildProcess | null = null;
  #namespaces = false;
  #log: Buffer[] = [];
  #logSize = 0;
  readonly #followers = new Set<Writable>();
  #markEnded = () => {};
  /** Resolves once the container, having run, has ended and its folder is gone. */
  readonly ended: Promise<void>;

  constructor(id: string, name: string, config: ContainerConfig, image: ImageSpec, stateDir: string) {
    this.id = id;
    this.name = name;
    this.config = config;
    this.#image = image;
    this.#dir = join(stateDir, id.slice(0, 12));
    this.ended = new Promise((resolve) => {
      this.#markEnded = resolve;
    });
  }

  /** @throws Error where it cannot be started; the container has then ended with code 125. */
  async start(): Promise<void> {
    this.startedAt = new Date();
    try {
      mkdirSync(this.#dir, { recursive: true });
      const launch = prepareLaunch(this.id, this.config, this.#image, this.#dir);
      const [file, ...args] = launch.argv as [string, ...string[]];
      const child = spawn(file, args, {
        env: launch.env,
        cwd: launch.cwd,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
      this.#process = child;
      this.#namespaces = launch.namespaces;
      child.stdout.on('data', (body: Buffer) => this.#output(1, body));
      child.stderr.on('data', (body: Buffer) => this.#output(2, body));
      child.once('exit', () => this.#killGroup());
      // Not `exit`: what the last process has written may still be in the pipes.
      child.once('close', (code, signal) => this.#end(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
      await once(child, 'spawn');
      if (this.finishedAt === null) this.status = 'running';
    } catch (error) {
      this.#end(EXIT_NOT_STARTED);
      throw error;
    }
  }

  /** Sends a signal to the container's first process. Nothing happens where it does not run. */
  kill(signal: Signal): void {
    const pid = this.#process?.pid;
    if (this.status !== 'running' || pid === undefined) return;
    const first = this.#namespaces ? firstChild(pid) : pid;
    if (signal === 'SIGKILL') {
      this.#killGroup();
      // First unshare itself, for the exit code: it cannot pass on a SIGKILL that has ended its child.
      send(pid, signal);
    }
    send(first ?? pid, signal);
  }

  /** SIGTERM, and SIGKILL where it still runs after `seconds`. */
  async stop(seconds: number): Promise<void> {
    if (this.status !== 'running') return;
    this.kill('SIGTERM');
    const timer = setTimeout(() => this.kill('SIGKILL'), seconds * 1000);
    await this.ended;
    clearTimeout(timer);
  }

  /** Writes the output so far, and with `follow` all that comes until the end. Ends the stream. */
  writeLog(target: Writable, follow: boolean): void {
    for (const part of this.#log) target.write(part);
    if (!follow || this.status === 'exited') {
      target.end();
      return;
    }
    this.#followers.add(target);
    target.once('close', () => this.#followers.delete(target));
  }

  #output(stream: OutputStream, body: Buffer): void {
    const part = frame(stream, body);
    this.#log.push(part);
    this.#logSize += part.length;
    while (this.#logSize > LOG_LIMIT && this.#log.length > 1) this.#logSize -= (this.#log.shift() as Buffer).length;
    for (const follower of this.#followers) follower.write(part);
  }

  /** What a container without namespaces leaves behind in its process group. */
  #killGroup(): void {
    if (this.#process?.pid !== undefined && !this.#namespaces) send(-this.#process.pid, 'SIGKILL');
  }

  #end(code: number): void {
    if (this.finishedAt !== null) return;
    this.exitCode = code;
    this.finishedAt = new Date();
    this.status = 'exited';
    for (const follower of this.#followers) follower.end();
    rmSync(this.#dir, { recursive: true, force: true });
    this.#markEnded();
  }
}

/** The first process in the namespaces that `unshare` has made: its only child. Its end is the end of all. */
function firstChild(pid: number): number | undefined {
  try {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    return child ? Number(child) : undefined;
  } catch {
    return undefined;
  }
}

function send(pid: number, signal: Signal): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
