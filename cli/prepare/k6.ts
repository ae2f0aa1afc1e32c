import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import { z } from 'zod';
import { K6_SETTINGS } from '../../core/contract/env.ts';
import { FleetExit, K6Exit } from '../../core/contract/exit-codes.ts';
import { UserError } from '../../core/errors.ts';
import { packageRoot, packageVersion } from '../package-root.ts';
import { onSignals, signalName } from '../signals.ts';

/** The k6 that our extension is made for, and the version of the contract between the two. */
const K6_VERSION = 'v2.2.0';
const PROTOCOL = 1;

export interface K6Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Where k6 is built: for a checkout beside its sources, for an installed package in the user's cache. */
function k6Dir(env: NodeJS.ProcessEnv): string {
  if (!packageRoot.split(sep).includes('node_modules')) return join(packageRoot, '.cache', 'k6');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'k6-fleet', packageVersion);
}

/** The k6 binary: K6_FLEET_K6, or the one that the setup built. Absolute, since k6 is started in other folders too. */
export const k6Path = (env: NodeJS.ProcessEnv = process.env): string =>
  env.K6_FLEET_K6 ? resolve(env.K6_FLEET_K6) : join(k6Dir(env), 'k6');

/**
 * The k6 binary. If the setup has not built it yet, as after `npx k6-fleet`, it is built now, once.
 * @throws UserError if it cannot be built, such as without Go
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

/** Runs k6 to its end. @throws UserError if it cannot be started, or a signal ended it */
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
      // A script may print without end while it is read; the end of its output matters.
      stderr = (stderr + text).slice(-1_000_000);
    });
    // A script may keep k6 busy for ever while k6 reads it.
    let received: NodeJS.Signals | null = null;
    const stopListening = onSignals((signal) => {
      received = signal;
      child.kill('SIGKILL');
    });
    child.once('error', (error) => {
      stopListening();
      reject(new UserError(`cannot run k6 at ${binary}: ${error.message}`, FleetExit.internal));
    });
    child.once('close', (code) => {
      stopListening();
      if (received === null) resolve({ code: code ?? -1, stdout, stderr });
      else reject(new UserError(`stopped by ${signalName(received)} before the run started`, K6Exit.externalAbort));
    });
    child.stdin.on('error', () => undefined); // k6 ended before it read all
    child.stdin.end(options.input ?? '');
  });
}

const Version = z.object({ k6: z.string(), protocol: z.number() });

/**
 * Checks that k6 exists and is the build that we need.
 * @returns its version @throws UserError that says what to do
 */
export async function checkK6(binary: string): Promise<string> {
  const remedy = 'run `npm run setup` to build it, or set K6_FLEET_K6 to its path';
  if (!existsSync(binary)) throw new UserError(`there is no k6 at ${binary}: ${remedy}`, FleetExit.internal);
  const k6Result = await runK6(binary, ['x', 'fleet', 'version']);
  if (k6Result.code !== 0) {
    throw new UserError(`the k6 at ${binary} does not have the fleet extension: ${remedy}`, FleetExit.internal);
  }
  const version = parseVersion(k6Result.stdout);
  if (version === null)
    throw new UserError(`${binary} does not report its version as k6 does: ${remedy}`, FleetExit.internal);
  if (version.k6 !== K6_VERSION || version.protocol !== PROTOCOL) {
    throw new UserError(
      `the k6 at ${binary} is ${version.k6} with fleet protocol ${version.protocol}, but k6-fleet needs ${K6_VERSION} with protocol ${PROTOCOL}: ${remedy}`,
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
