import { isK6Env, K6_SETTINGS, scriptEnv } from '../core/contract/env.ts';
import type { RunFiles } from '../core/contract/run-files.ts';
import { resolveSecrets, type SecretReader } from './secrets.ts';

/** What a task's k6 processes, and so the script, may see and reach. */
export interface K6Environment {
  env: NodeJS.ProcessEnv;
  /** Values in it that no log may show. */
  secrets: string[];
  /** Where the script may not connect to, as CIDR, beside what it forbids itself. */
  blockedIPs: string[];
}

/** On one machine a script sees what its user does. */
export const inheritedEnvironment = (env: NodeJS.ProcessEnv): K6Environment => ({
  env: { ...scriptEnv(env), ...K6_SETTINGS },
  secrets: [],
  blockedIPs: [],
});

/** What programs need of a worker's environment, and what is safe to show. */
const BASICS = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];

/**
 * The addresses at which a platform gives out the credentials of a task's role (169.254.170.2) or an instance's
 * (169.254.169.254): all that is link-local.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
 */
const LINK_LOCAL = '169.254.0.0/16';

/**
 * A script that is not trusted with what its task may do sees what environment.json says, with its secrets read, and
 * nothing of the worker's own: no credentials, nor the way to them.
 * @param home a folder that k6 may write to
 * @throws Error with one line for the operator
 */
export async function isolatedEnvironment(
  { files, home, openReader }: { files: RunFiles; home: string; openReader: () => Promise<SecretReader> },
  env: NodeJS.ProcessEnv,
): Promise<K6Environment> {
  const given = await files.environment();
  if (given === null) {
    throw new Error('environment.json is gone: it expires a day after the start of a run; start a new run');
  }
  const { values, secrets } = await resolveSecrets(given, openReader);
  const basics = Object.fromEntries(BASICS.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  return {
    // Not even K6_BROWSER_…: it names the program that k6 starts as a browser, and so any.
    env: { ...scriptEnv(values, isK6Env), ...basics, HOME: home, TMPDIR: home, ...K6_SETTINGS },
    secrets,
    blockedIPs: [LINK_LOCAL],
  };
}
