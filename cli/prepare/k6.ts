import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import { z } from 'zod';
import { K6_SETTINGS } from '../../core/contract/env.ts';
import { FleetExit, K6Exit } from '../../core/contract/exit-codes.ts';
import { UserError } from '../../core/errors.ts';
import { packageRoot, packageVersion } from '../package-root.ts';

/** The k6 that our extension is made for, and the version of the contract between the two. */
export const K6_VERSION = 'v2.2.0';
const PROTOCOL = 1;

export interface K6Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Where k6 is built: in a checkout beside its sources, for an installed package in the user's cache. */
function k6Dir(env: NodeJS.ProcessEnv): string {
  if (!packageRoot.split(sep).includes('node_modules')) return join(packageRoot, '.cache', 'k6');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'k6-fleet', packageVersion);
}

/** Where k6 is, absolute, for it is started in other folders too: K6_FLEET_K6, or what the set-up has built. */
export const k6Path = (env: NodeJS.ProcessEnv = process.env): string =>
  env.K6_FLEET_K6 ? resolve(env.K6_FLEET_K6) : join(k6Dir(env), 'k6');

/**
 * The k6 to use. Where the set-up has not built one yet, as after `npx k6-fleet`, it is built now, once.
 * @throws UserError where it cannot be built, such as without Go.
 */
export async function ensureK6(): Promise<string> {
  const path = k6Path();
  if (process.env.K6_FLEET_K6 || existsSync(path)) return path;
  const builder = spawn(process.execPath, [join(packageRoot, 'scripts', 'build-k6.mjs'), dirname(path)], {
    stdio: ['ignore', process.stderr, process.stderr],
  });
  const code = await new Promise<number | null>((resolve) => builder.once('close', resolve));
  if (code !== 0) throw new UserError('k6 could not be built: see above', FleetExit.internal);
  return path;
}

/** Runs k6 to its end and returns what it said. @throws UserError where it cannot be started. */
export function runK6(
  binary: string,
  args: string[],
  options: { cwd?: string; input?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<K6Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, {
      cwd: options.cwd,
      env: { ...(options.env ?? process.env), ...K6_SETTINGS },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      // A script may print without end while it is read; its last words are what matters.
      stderr = (stderr + text).slice(-1_000_000);
    });
    const interrupted = onInterrupt(() => child.kill('SIGKILL'));
    child.once('error', (error) => {
      interrupted();
      reject(new UserError(`cannot run k6 at ${binary}: ${error.message}`, FleetExit.internal));
    });
    child.once('close', (code) => {
      const signal = interrupted();
      if (signal === null) resolve({ code: code ?? -1, stdout, stderr });
      else reject(new UserError(`stopped by ${signal} before the run had begun`, K6Exit.externalAbort));
    });
    child.stdin.on('error', () => undefined); // k6 ended before it read all
    child.stdin.end(options.input ?? '');
  });
}

/**
 * Calls back at a signal that would end this process; a script may keep k6 busy for ever while k6 reads it.
 * @returns stops to listen; returns the signal that came, or null.
 */
function onInterrupt(onSignal: () => void): () => string | null {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  let seen: string | null = null;
  const listen = (signal: string) => {
    seen = signal;
    onSignal();
  };
  for (const signal of signals) process.on(signal, listen);
  return () => {
    for (const signal of signals) process.off(signal, listen);
    return seen;
  };
}

const Version = z.object({ k6: z.string(), protocol: z.number() });

/**
 * Checks that k6 is there and the right build.
 * @returns its version. @throws UserError that says what to do.
 */
export async function checkK6(binary: string): Promise<string> {
  const remedy = 'run `npm run setup` to build it, or name one by K6_FLEET_K6';
  if (!existsSync(binary)) throw new UserError(`there is no k6 at ${binary}: ${remedy}`, FleetExit.internal);
  const answer = await runK6(binary, ['x', 'fleet', 'version']);
  if (answer.code !== 0) {
    throw new UserError(`the k6 at ${binary} does not have the fleet extension: ${remedy}`, FleetExit.internal);
  }
  const version = parseVersion(answer.stdout);
  if (version === null) throw new UserError(`${binary} does not answer as k6 does: ${remedy}`, FleetExit.internal);
  if (version.k6 !== K6_VERSION || version.protocol !== PROTOCOL) {
    throw new UserError(
      `the k6 at ${binary} is ${version.k6} with fleet protocol ${version.protocol}, needed are ${K6_VERSION} and ${PROTOCOL}: ${remedy}`,
      FleetExit.internal,
    );
  }
  return version.k6;
}

function parseVersion(text: string): z.infer<typeof Version> | null {
  try {
    return Version.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
