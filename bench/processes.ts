import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The process groups that run now and when each is gone; a child leads its own, so that it can be ended whole. */
const groups = new Map<number, Promise<unknown>>();

let ending = false;

/**
 * Ends everything that was started here and still runs, and lets nothing more start. After SIGTERM programs end what
 * they have started themselves, such as the tasks of a run.
 */
export function endAll(signal: 'SIGTERM' | 'SIGKILL'): void {
  ending = true;
  for (const pid of groups.keys()) {
    try {
      process.kill(-pid, signal);
    } catch {
      // gone already
    }
  }
}

/** Waits until nothing runs that was started here. */
export async function allEnded(): Promise<void> {
  await Promise.allSettled(groups.values());
}

/** @throws Error once everything is to end. */
export function startGroup(
  command: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; stdio: ('ignore' | 'pipe' | 'inherit')[] },
): ChildProcess {
  if (ending) throw new Error('interrupted');
  const child = spawn(command, args, { ...options, env: options.env ?? process.env, detached: true });
  const { pid } = child;
  if (pid !== undefined) {
    groups.set(
      pid,
      once(child, 'close').finally(() => groups.delete(pid)),
    );
  }
  return child;
}

export interface Ended {
  code: number | null;
  /** User and system time of the command and of all its descendants that were waited for, s. */
  cpuSeconds: number;
}

/** POSIX `times` prints the CPU time of the shell's children, on Linux and macOS alike. */
const TIMED = '"$@" 3>&-; code=$?; times >&3; exit $code';

/** Starts a command whose CPU time is measured. @param options.env the whole environment */
export function startTimed(
  command: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv } = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const stdio = ['ignore' as const, 'ignore' as const, 'pipe' as const, 'pipe' as const];
  const child = startGroup('sh', ['-c', TIMED, 'sh', command, ...args], { ...options, stdio });
  const times = textOf(child.stdio[3] as Readable);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', async (code) => {
      try {
        resolve({ code, cpuSeconds: parseTimes(await times) });
      } catch (error) {
        reject(error);
      }
    });
  });
  ended.catch(() => undefined); // no unhandled rejection if the caller has given up because another program failed
  return { child, ended };
}

/** Runs a command to its end; returns its CPU time, s. @throws Error with the end of its output if it fails. */
export async function cpuOf(
  command: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv } = {},
): Promise<number> {
  const { child, ended } = startTimed(command, args, options);
  const [{ code, cpuSeconds }, stderr] = await Promise.all([ended, textOf(child.stderr as Readable)]);
  if (code !== 0) throw new Error(`${command} ${args[0]} ended with exit code ${code}: ${stderr.slice(-500)}`);
  return cpuSeconds;
}

/**
 * The second line of `times`, such as `1m2.50s 0m0.25s`: what the children used, s. @throws Error on anything else
 * @internal exported for its test
 */
export function parseTimes(text: string): number {
  const parts = [...(text.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  if (parts.length !== 2) throw new Error(`this is not what times prints: ${JSON.stringify(text)}`);
  return parts.reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0);
}

/** The resident memory of a process, bytes; null: it is gone. */
export async function residentBytes(pid: number): Promise<number | null> {
  const ps = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => null);
  const kibibytes = Number(ps?.stdout.trim());
  return kibibytes > 0 ? kibibytes * 1024 : null;
}

export interface BenchServer {
  target: string;
  /** `host:port` of the OpenTelemetry sink. */
  sink: string;
  stop(): void;
}

export async function startServer(): Promise<BenchServer> {
  const file = fileURLToPath(new URL('./server.ts', import.meta.url));
  const child = startGroup(process.execPath, ['--import', 'tsx', file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const addresses = JSON.parse(await firstLine(child, 'the server of the benchmarks')) as {
    target: string;
    sink: string;
  };
  return { ...addresses, stop: () => child.stdin?.end() };
}

/** The first line that a program prints. @throws Error if it ends before */
export async function firstLine(child: ChildProcess, name: string): Promise<string> {
  for await (const line of createInterface({ input: child.stdout as Readable })) return line;
  throw new Error(`${name} ended without printing a line`);
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += chunk;
  return text;
}
