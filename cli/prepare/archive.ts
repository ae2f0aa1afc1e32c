import { basename, dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SUMMARY_FILE_ENV } from '../../core/contract/env.ts';
import { K6Exit } from '../../core/contract/exit-codes.ts';
import { UserError } from '../../core/errors.ts';
import { nameScript } from './archive-filename.ts';
import { bundleNpmImports } from './bundle.ts';
import { type K6Result, runK6 } from './k6.ts';
import { errorText, K6_LOG_ARGS, type K6LogEntry, parseK6Log } from './k6-log.ts';

export interface Script {
  /** Absolute path. */
  path: string;
  /** The script bundled with its npm packages; null: it imports none. */
  bundle: string | null;
}

export const loadScript = async (path: string): Promise<Script> => ({
  path,
  bundle: await bundleNpmImports({ file: path }),
});

const ARCHIVE_ARGS = ['--include-system-env-vars', '--exclude-env-vars', ...K6_LOG_ARGS];

/**
 * Packs the script and all files that it opens into a k6 archive.
 * @returns what k6 logged @throws K6RefusedError with k6's own message and exit code, if k6 refuses the script
 */
export async function archiveScript(
  k6: string,
  script: Script,
  out: string,
  env: NodeJS.ProcessEnv,
): Promise<K6LogEntry[]> {
  const { path, bundle } = script;
  const from = bundle === null ? path : '-';
  const k6Result = await runK6(k6, ['archive', ...ARCHIVE_ARGS, '-O', out, from], {
    env,
    ...(bundle === null ? {} : { input: bundle, cwd: dirname(path) }),
  });
  assertSucceeded(k6Result);
  if (bundle !== null) await nameScript(out, `${basename(path)}.bundle.js`);
  return parseK6Log(k6Result.stderr);
}

/** What only running the script's own code shows: its exports and its custom metrics. */
export interface Probe {
  exports: string[];
  metrics: Record<string, { type: string; contains: string }>;
}

/**
 * A script around the user's own: its options list what that exports and, as an archive, it calls handleSummary with
 * data that it gets as setup data. It writes what handleSummary returns to a file, since k6 would write that to the
 * wrong folder.
 */
const wrapper = (from: string) => `
import * as script from ${JSON.stringify(from)};
import encoding from 'k6/encoding';
import fleet from 'k6/x/fleet';
const find = (name) => script[name] ?? script.default?.[name];
export const options = {
  handleSummaryTimeout: (find('options') ?? {}).handleSummaryTimeout,
  ext: { fleetProbe: {
    exports: ['setup', 'teardown', 'handleSummary'].filter((name) => typeof find(name) === 'function'),
    metrics: Object.fromEntries(fleet.metrics().map(({ name, type, contains }) => [name, { type, contains }])),
  } },
};
export default function () {}
export async function handleSummary(data) {
  const returned = await find('handleSummary')({ setup_data: undefined, ...data.setup_data });
  const isMap = typeof returned === 'object' && !Array.isArray(returned);
  if (returned !== undefined && !isMap) throw new Error('handleSummary() should return a map with string keys');
  const files = {};
  for (const [name, body] of Object.entries(returned ?? {})) {
    files[name] = typeof body === 'string' ? { text: body } : { base64: encoding.b64encode(body) };
  }
  return { [__ENV.${SUMMARY_FILE_ENV}]: JSON.stringify(returned === undefined || returned === null ? null : files) };
}
`;

/** Packs the wrapper as the archive that calls handleSummary. @returns what k6 logged @throws K6RefusedError, as archiveScript */
export async function archiveWrapper(
  k6: string,
  script: Script,
  out: string,
  env: NodeJS.ProcessEnv,
): Promise<K6LogEntry[]> {
  const dir = dirname(script.path);
  const bundle = script.bundle === null ? null : await bundleNpmImports({ text: wrapper(script.path), dir });
  const text = bundle ?? wrapper(pathToFileURL(script.path).href);
  const k6Result = await runK6(k6, ['archive', ...ARCHIVE_ARGS, '-O', out, '-'], { env, cwd: dir, input: text });
  assertSucceeded(k6Result);
  await nameScript(out, `${basename(script.path)}.summary.js`);
  return parseK6Log(k6Result.stderr);
}

/** The options of an archive, as `k6 inspect` prints them. */
export async function inspectArchive(
  k6: string,
  archive: string,
  env: NodeJS.ProcessEnv,
): Promise<{ options: Record<string, unknown>; log: K6LogEntry[] }> {
  const k6Result = await runK6(k6, ['inspect', '--include-system-env-vars', ...K6_LOG_ARGS, archive], { env });
  assertSucceeded(k6Result);
  return { options: JSON.parse(k6Result.stdout) as Record<string, unknown>, log: parseK6Log(k6Result.stderr) };
}

/** k6 has refused a script. */
export class K6RefusedError extends UserError {
  constructor(
    message: string,
    exitCode: number,
    /** All that it logged. */
    readonly log: K6LogEntry[],
  ) {
    super(message, exitCode);
    this.name = 'K6RefusedError';
  }
}

/** @throws K6RefusedError with k6's errors and its exit code, if it failed */
export function assertSucceeded(k6Result: K6Result): void {
  if (k6Result.code === 0) return;
  const log = parseK6Log(k6Result.stderr);
  const message = errorText(log).trim() || `k6 ended with exit code ${k6Result.code}`;
  throw new K6RefusedError(message, k6Result.code < 0 ? K6Exit.scriptException : k6Result.code, log);
}
