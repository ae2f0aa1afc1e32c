import { basename, dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SUMMARY_FILE_ENV } from '../../core/contract/env.ts';
import { K6Exit } from '../../core/contract/exit-codes.ts';
import { UserError } from '../../core/errors.ts';
import { nameScript } from './archive-filename.ts';
import { bundleNpmImports } from './bundle.ts';
import { type K6Result, runK6 } from './k6.ts';

export interface Script {
  /** Absolute path. */
  path: string;
  /** The script with its npm packages, where it imports any. */
  bundle: string | null;
}

export const loadScript = async (path: string): Promise<Script> => ({
  path,
  bundle: await bundleNpmImports({ file: path }),
});

const ARCHIVE_ARGS = ['--include-system-env-vars', '--exclude-env-vars', '--log-format=raw', '--no-color'];

/**
 * Packs the script and all it opens into a k6 archive.
 * @throws UserError with k6's own message and exit code, where k6 refuses the script.
 */
export async function archiveScript(k6: string, script: Script, out: string, env: NodeJS.ProcessEnv): Promise<void> {
  const { path, bundle } = script;
  const from = bundle === null ? path : '-';
  const answer = await runK6(k6, ['archive', ...ARCHIVE_ARGS, '-O', out, from], {
    env,
    ...(bundle === null ? {} : { input: bundle, cwd: dirname(path) }),
  });
  assertSucceeded(answer);
  if (bundle !== null) await nameScript(out, `${basename(path)}.bundle.js`);
}

/** What only the script's own code can tell: its exports and its custom metrics. */
export interface Probe {
  exports: string[];
  metrics: Record<string, { type: string; contains: string }>;
}

/**
 * A script around the user's own: it tells what that exports and, as an archive, calls its handleSummary with data that
 * comes in as setup data. What handleSummary returns is left in a file, for k6 would write it into the wrong folder.
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
  const returned = await find('handleSummary')(data.setup_data);
  const isMap = typeof returned === 'object' && !Array.isArray(returned);
  if (returned !== undefined && !isMap) throw new Error('handleSummary() should return a map with string keys');
  const files = {};
  for (const [name, body] of Object.entries(returned ?? {})) {
    files[name] = typeof body === 'string' ? { text: body } : { base64: encoding.b64encode(body) };
  }
  return { [__ENV.${SUMMARY_FILE_ENV}]: JSON.stringify(returned === undefined || returned === null ? null : files) };
}
`;

/** Packs the wrapper as the archive that calls handleSummary. @throws UserError as archiveScript. */
export async function archiveWrapper(k6: string, script: Script, out: string, env: NodeJS.ProcessEnv): Promise<void> {
  const dir = dirname(script.path);
  const bundle = script.bundle === null ? null : await bundleNpmImports({ text: wrapper(script.path), dir });
  const text = bundle ?? wrapper(pathToFileURL(script.path).href);
  assertSucceeded(await runK6(k6, ['archive', ...ARCHIVE_ARGS, '-O', out, '-'], { env, cwd: dir, input: text }));
  await nameScript(out, `${basename(script.path)}.summary.js`);
}

/** What `k6 inspect` prints of an archive: its options. */
export async function inspectArchive(
  k6: string,
  archive: string,
  env: NodeJS.ProcessEnv,
): Promise<Record<string, unknown>> {
  const args = ['inspect', '--include-system-env-vars', '--log-format=raw', '--no-color'];
  const answer = await runK6(k6, [...args, archive], { env });
  assertSucceeded(answer);
  return JSON.parse(answer.stdout) as Record<string, unknown>;
}

/** @throws UserError with what k6 said, and its exit code, where it failed. */
export function assertSucceeded(answer: K6Result): void {
  if (answer.code === 0) return;
  const said = answer.stderr.trim() || `k6 ended with exit code ${answer.code}`;
  throw new UserError(said, answer.code < 0 ? K6Exit.scriptException : answer.code);
}
