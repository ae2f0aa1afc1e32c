import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll } from 'vitest';
import { packageRoot } from '../../cli/package-root.ts';
import { K6_SETTINGS } from '../../core/contract/env.ts';
import { Result } from '../../core/contract/result.ts';

export const k6Binary = join(packageRoot, '.cache', 'k6', 'k6');
const cli = join(packageRoot, 'dist', 'cli.js');

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A folder of its own for one test file: scripts, runs, outputs. Removed after the file's tests. */
export class Sandbox {
  private constructor(readonly dir: string) {}

  static async create(): Promise<Sandbox> {
    const sandbox = new Sandbox(await mkdtemp(join(tmpdir(), 'k6-fleet-test-')));
    afterAll(async () => {
      const left = await sandbox.processes();
      for (const pid of left) process.kill(pid, 'SIGKILL');
      await rm(sandbox.dir, { recursive: true, force: true });
    });
    return sandbox;
  }

  /** A sandbox inside this one, with a store of its own; removed with it. */
  async within(name: string): Promise<Sandbox> {
    const sandbox = new Sandbox(this.path(name));
    await mkdir(sandbox.dir, { recursive: true });
    return sandbox;
  }

  get storeDir(): string {
    return join(this.dir, 'store');
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  async script(name: string, text: string): Promise<string> {
    const path = this.path(name);
    await writeFile(path, text);
    return path;
  }

  /** Starts `k6-fleet …` in the sandbox, with its runs in the sandbox's store. */
  start(args: string[], env: NodeJS.ProcessEnv = {}): { child: ChildProcess; ended: Promise<Ended> } {
    return start(process.execPath, [cli, ...args], { cwd: this.dir, env: { ...env, K6_FLEET_DIR: this.storeDir } });
  }

  /** Runs `k6-fleet …` to its end. */
  cli(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.start(args, env).ended;
  }

  /** Runs `k6-fleet run …` to its end and reads its result.json; null: it wrote none. */
  async run(
    script: string,
    args: string[] = [],
    env: NodeJS.ProcessEnv = {},
  ): Promise<Ended & { result: Result | null }> {
    const json = this.path(`result-${Math.random().toString(36).slice(2)}.json`);
    const ended = await this.cli(['run', script, '-q', '--json', json, ...args], env);
    const text = await readFile(json, 'utf8').catch(() => null);
    return { ...ended, result: text === null ? null : Result.parse(JSON.parse(text)) };
  }

  /** Ids of the processes of this sandbox: those whose command line names its folder. */
  async processes(): Promise<number[]> {
    const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,command=']);
    return stdout
      .split('\n')
      .filter((line) => line.includes(this.dir) && !line.includes('ps -eo'))
      .map((line) => Number(line.trim().split(/\s+/)[0]));
  }
}

/** Starts plain `k6 …`. */
export const startPlainK6 = (args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) =>
  start(k6Binary, args, options);

/** Runs plain `k6 …` to its end. */
export const plainK6 = (...how: Parameters<typeof startPlainK6>): Promise<Ended> => startPlainK6(...how).ended;

function start(file: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv }) {
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { ...process.env, ...K6_SETTINGS, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended };
}

/** Polls until `poll` returns a truthy value, and returns it. @throws Error after `limitMs`. */
export async function eventually<T>(
  what: string,
  poll: () => Promise<T | null | undefined | false>,
  limitMs = 60_000,
): Promise<T> {
  const until = Date.now() + limitMs;
  for (;;) {
    const found = await poll();
    if (found) return found;
    if (Date.now() > until) throw new Error(`timed out after ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
