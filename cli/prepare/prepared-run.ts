import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { scriptEnv } from '../../core/contract/env.ts';
import { K6Exit } from '../../core/contract/exit-codes.ts';
import type { Plan, SummaryMode, Timing } from '../../core/contract/plan.ts';
import { UserError } from '../../core/errors.ts';
import { buildPlan } from '../../core/plan/build.ts';
import { scenarioVUs, usefulTasks } from '../../core/plan/idle-tasks.ts';
import { type FleetOptions, parseFleetOptions, ScriptOptions, unobservedWarning } from '../../core/plan/options.ts';
import { Requirements } from '../../core/plan/requirements.ts';
import { taskCount } from '../../core/plan/task-count.ts';
import type { RunFlags } from '../options.ts';
import { coloursOf } from '../terminal.ts';
import {
  archiveScript,
  archiveWrapper,
  assertSucceeded,
  inspectArchive,
  K6RefusedError,
  loadScript,
  type Probe,
  type Script,
} from './archive.ts';
import type { Backend } from './backend.ts';
import { checkK6, ensureK6, runK6 } from './k6.ts';
import { entryLine, type K6LogEntry, shownEntries, warningsOf } from './k6-log.ts';
import { assertScriptFile } from './script-file.ts';

/** The value of `--observe` that leaves out the target's scaling. */
const OBSERVE_NONE = 'none';

export interface PrepareOptions {
  backend: Backend;
  script: string;
  /** Path of the k6 binary. */
  k6: string;
  /** From the command line; wins over the script's own. */
  tasks?: number | 'auto' | undefined;
  name?: string | undefined;
  maxLost?: number | undefined;
  observe?: string | undefined;
  timing?: Partial<Timing> | undefined;
  consoleOutput?: boolean | undefined;
  /** Default: compact. */
  summaryMode?: SummaryMode | undefined;
  /** `-e` settings. */
  env: Record<string, string>;
  /** Refuses what cannot give a result that is worth the load; `plan` only warns of it. */
  strict: boolean;
}

/** All that a run needs before it starts. */
export interface PreparedRun {
  plan: Plan;
  archive: Uint8Array;
  /** Calls the script's handleSummary; null: the script has none. */
  summaryArchive: Uint8Array | null;
  /** The environment that scripts see on this machine. */
  env: NodeJS.ProcessEnv;
  /** The part of it that `-e` set. */
  given: Record<string, string>;
}

/** Prepares the run that the flags of `run` ask for. @throws UserError, as `prepare` */
export async function prepareRun(
  script: string,
  flags: RunFlags,
  backend: Backend,
): Promise<PreparedRun & { k6: string }> {
  const k6 = await ensureK6();
  const { tasks, name, maxLost, observe, readyTimeout, summaryMode, env } = flags;
  const consoleOutput = flags.consoleOutput !== undefined;
  const timing = readyTimeout === undefined ? {} : { readyTimeoutMs: readyTimeout };
  const options = { script, k6, backend, tasks, name, maxLost, observe, timing, summaryMode, env, consoleOutput };
  return { ...(await prepare({ ...options, strict: true })), k6 };
}

/**
 * Reads a script with k6 and plans a run of it; starts nothing.
 * @throws UserError if the script, k6 or an option is not valid
 */
export async function prepare(options: PrepareOptions): Promise<PreparedRun> {
  const { k6, backend } = options;
  await assertScriptFile(options.script);
  const script = await loadScript(resolve(options.script));
  const env = { ...backend.env, ...options.env };
  const dir = await mkdtemp(join(tmpdir(), 'k6-fleet-'));
  try {
    const archive = join(dir, 'archive.tar');
    const wrapper = join(dir, 'summary.tar');
    const k6Version = await checkK6(k6);
    const inspection = await inspectScript({ k6, script, archive, wrapper, env });
    const plan = await planRun(options, { ...inspection, k6Version });
    return {
      plan,
      archive: await readFile(archive),
      summaryArchive: plan.exports.handleSummary ? await readFile(wrapper) : null,
      env,
      given: options.env,
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** What k6 says about a script. */
interface Inspection {
  /** Its options. */
  inspected: Record<string, unknown>;
  probe: Probe;
  /** What k6 warned of while it read the script. */
  k6Warnings: string[];
}

/**
 * Packs the script and its wrapper, and reads them. Prints what the script printed and what k6 warned of, as a single k6
 * would.
 * @throws UserError if k6 refuses the script
 */
async function inspectScript(paths: {
  k6: string;
  script: Script;
  archive: string;
  wrapper: string;
  env: NodeJS.ProcessEnv;
}): Promise<Inspection> {
  const { k6, script, archive, wrapper, env } = paths;
  // K6_VUS and the like are meant for the test, and would give the k6 that calls handleSummary VUs too.
  const wrapperEnv = scriptEnv(env);
  const logs: K6LogEntry[][] = [];
  try {
    logs.push(await archiveScript(k6, script, archive, env));
    const [ofScript, ofWrapper] = await Promise.all([
      inspectArchive(k6, archive, env),
      archiveWrapper(k6, script, wrapper, wrapperEnv).then(async (log) => {
        logs.push(log);
        return inspectArchive(k6, wrapper, wrapperEnv);
      }),
    ]);
    logs.push(ofScript.log, ofWrapper.log);
    const probe = (ofWrapper.options.ext as { fleetProbe: Probe }).fleetProbe;
    return { inspected: ofScript.options, probe, k6Warnings: warningsOf(logs) };
  } catch (error) {
    if (error instanceof K6RefusedError) logs.push(error.log);
    throw error;
  } finally {
    printLog(shownEntries(logs));
  }
}

async function planRun(
  options: PrepareOptions,
  { inspected, probe, k6Version, k6Warnings }: Inspection & { k6Version: string },
): Promise<Plan> {
  const { k6, backend, env, strict } = options;
  const scriptOptions = ScriptOptions.parse(inspected);
  const ofScript = parseFleetOptions(scriptOptions.ext?.fleet);
  const fleet = withFlags(ofScript, options);
  if (options.observe !== OBSERVE_NONE) fleet.target = backend.target(fleet.target);
  const unobserved = unobservedWarning(fleet.target);
  if (unobserved !== null && strict) throw new UserError(unobserved, K6Exit.invalidConfig);
  const requirementsOf = async (tasks: number): Promise<Requirements> => {
    const input = { options: inspected, tasks, metrics: probe.metrics, targetThresholds: fleet.target?.thresholds };
    const k6Result = await runK6(k6, ['x', 'fleet', 'plan'], { input: JSON.stringify(input) });
    assertSucceeded(k6Result);
    return Requirements.parse(JSON.parse(k6Result.stdout));
  };
  const undivided = await requirementsOf(1);
  const { rps } = scriptOptions;
  const tasks = taskCount({
    flag: options.tasks,
    option: ofScript.tasks,
    maxVUs: undivided.maxVUs,
    usefulTasks: usefulTasks(scenarioVUs(scriptOptions), undivided.maxVUs),
    rps,
    autoTasks: backend.autoTasks,
    strict,
  });
  const name = sanitise(fleet.name ?? basename(options.script).replace(/\.[^.]+$/, ''));
  return buildPlan({
    id: runId(name, new Date()),
    name,
    script: options.script,
    createdAt: new Date().toISOString(),
    k6Version,
    options: scriptOptions,
    requirements: tasks.count === 1 ? undivided : await requirementsOf(tasks.count),
    exports: probe.exports,
    fleet,
    maxLost: fleet.maxLost ?? 0,
    timing: { ...backend.timing(tasks.count), ...options.timing },
    envNames: Object.keys(env),
    consoleOutput: options.consoleOutput === true,
    k6Warnings,
    summaryMode: options.summaryMode ?? 'compact',
    warnings: [...tasks.warnings, ...(unobserved === null ? [] : [unobserved]), ...envWarnings(env, backend)],
  });
}

function printLog(entries: readonly K6LogEntry[]): void {
  const { stderr } = process;
  const style = stderr.isTTY ? (coloursOf(stderr) ? 'coloured' : 'terminal') : 'plain';
  for (const entry of entries) stderr.write(entryLine(entry, style));
}

/** The script's options, overridden by the command line's. */
const withFlags = (fleet: FleetOptions, { name, maxLost, observe }: PrepareOptions): FleetOptions => ({
  name: name ?? fleet.name,
  maxLost: maxLost ?? fleet.maxLost,
  target: observe === undefined ? fleet.target : observe === OBSERVE_NONE ? undefined : { ...fleet.target, observe },
});

const envWarnings = (env: Record<string, string>, { isReservedEnv }: Backend): string[] =>
  Object.keys(env)
    .filter(isReservedEnv)
    .map((name) => `-e ${name} does not reach the script: names that begin with K6_ are reserved for k6`);

/** Letters, digits and hyphens, at most 40: part of the run's id and so of file names. */
const sanitise = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40) || 'run';

/** Sortable by time, such as `20261123-043000-spike-test-7f3a`. UTC. */
function runId(name: string, at: Date): string {
  const stamp = at.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${stamp}-${name}-${randomBytes(2).toString('hex')}`;
}
