import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { ImageSpec } from './images.ts';
import { prepareLaunch } from './launch.ts';
import { type ContainerConfig, EXIT_NOT_STARTED, frame, type OutputStream } from './protocol.ts';

/** How much of a container's output is kept, bytes. */
const LOG_LIMIT = 4 << 20;

type Signal = 'SIGTERM' | 'SIGKILL' | 'SIGINT';

/** A container: a process of this machine and its descendants, with a folder that is removed at its end. */
export class Container {
  readonly id: string;
  readonly name: string;
  readonly config: ContainerConfig;
  readonly createdAt = new Date();
  status: 'created' | 'running' | 'exited' = 'created';
  exitCode = 0;
  startedAt: Date | null = null;
  finishedAt: Date | null = null;

  private readonly image: ImageSpec;
  private readonly dir: string;
  private process: ChildProcess | null = null;
  private namespaces = false;
  private log: Buffer[] = [];
  private logSize = 0;
  private readonly followers = new Set<Writable>();
  private markEnded = () => {};
  /** Resolves when a started container has exited and its folder is removed. */
  readonly ended: Promise<void>;

  constructor(id: string, name: string, config: ContainerConfig, image: ImageSpec, stateDir: string) {
    this.id = id;
    this.name = name;
    this.config = config;
    this.image = image;
    this.dir = join(stateDir, id.slice(0, 12));
    this.ended = new Promise((resolve) => {
      this.markEnded = resolve;
    });
  }

  /** @throws Error if it cannot be started; the container has then exited with code 125 */
  async start(): Promise<void> {
    this.startedAt = new Date();
    try {
      mkdirSync(this.dir, { recursive: true });
      const launch = prepareLaunch(this.id, this.config, this.image, this.dir);
      const [file, ...args] = launch.argv as [string, ...string[]];
      const child = spawn(file, args, {
        env: launch.env,
        cwd: launch.cwd,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
      this.process = child;
      this.namespaces = launch.namespaces;
      child.stdout.on('data', (body: Buffer) => this.output(1, body));
      child.stderr.on('data', (body: Buffer) => this.output(2, body));
      child.once('exit', () => this.killGroup());
      // Not `exit`: the pipes may still hold output then.
      child.once('close', (code, signal) => this.end(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
      await once(child, 'spawn');
      if (this.finishedAt === null) this.status = 'running';
    } catch (error) {
      this.end(EXIT_NOT_STARTED);
      throw error;
    }
  }

  /** Sends a signal to the container's first process, if it is running. */
  kill(signal: Signal): void {
    const pid = this.process?.pid;
    if (this.status !== 'running' || pid === undefined) return;
    const first = this.namespaces ? firstChild(pid) : pid;
    if (signal === 'SIGKILL') {
      this.killGroup();
      // unshare itself first, for the exit code: it cannot pass on a SIGKILL of its child.
      send(pid, signal);
    }
    send(first ?? pid, signal);
  }

  /** SIGTERM, then SIGKILL if it is still running after `seconds`. */
  async stop(seconds: number): Promise<void> {
    if (this.status !== 'running') return;
    this.kill('SIGTERM');
    const timer = setTimeout(() => this.kill('SIGKILL'), seconds * 1000);
    await this.ended;
    clearTimeout(timer);
  }

  /** Writes the output so far, with `follow` all output until the container exits, then ends the stream. */
  writeLog(target: Writable, follow: boolean): void {
    for (const part of this.log) target.write(part);
    if (!follow || this.status === 'exited') {
      target.end();
      return;
    }
    this.followers.add(target);
    target.once('close', () => this.followers.delete(target));
  }

  private output(stream: OutputStream, body: Buffer): void {
    const part = frame(stream, body);
    this.log.push(part);
    this.logSize += part.length;
    while (this.logSize > LOG_LIMIT && this.log.length > 1) this.logSize -= (this.log.shift() as Buffer).length;
    for (const follower of this.followers) follower.write(part);
  }

  /** Kills the process group of a container without namespaces; with them, the kernel does. */
  private killGroup(): void {
    if (this.process?.pid !== undefined && !this.namespaces) send(-this.process.pid, 'SIGKILL');
  }

  private end(code: number): void {
    if (this.finishedAt !== null) return;
    this.exitCode = code;
    this.finishedAt = new Date();
    this.status = 'exited';
    for (const follower of this.followers) follower.end();
    rmSync(this.dir, { recursive: true, force: true });
    this.markEnded();
  }
}

/** PID 1 in the namespaces that `unshare` made: its only child. All others end with it. */
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
