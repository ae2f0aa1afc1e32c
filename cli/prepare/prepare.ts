import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { isReservedEnv, scriptEnv } from '../../core/contract/env.ts';
import { K6Exit } from '../../core/contract/exit-codes.ts';
import type { Plan, Timing } from '../../core/contract/plan.ts';
import { DEMO_SERIES } from '../../core/contract/target-series.ts';
import { UserError } from '../../core/errors.ts';
import { autoTasks, buildPlan, LOCAL_TIMING, tasksForRps } from '../../core/plan/build.ts';
import { type FleetOptions, parseFleetOptions } from '../../core/plan/fleet-options.ts';
import { Requirements, ScriptOptions } from '../../core/plan/requirements.ts';
import { checkSeries, type TargetOptions } from '../../core/scaling/target-options.ts';
import { checkObserve } from '../../observers/create-observer.ts';
import { archiveScript, archiveWrapper, assertSucceeded, inspectArchive, loadScript, type Probe } from './archive.ts';
import { checkK6, runK6 } from './k6.ts';

/** Where a run's tasks will be, as far as its plan depends on it. */
export interface Backend {
  /** The most tasks that `auto` may choose. */
  autoTasks: number;
  timing(tasks: number): Timing;
  /** What scripts see of the environment beside `-e`. */
  env: NodeJS.ProcessEnv;
  /** Whether a variable of `-e` is kept from the script. */
  isReservedEnv(name: string): boolean;
  /** What the place makes of the script's target. @throws UserError where it cannot be observed from there */
  target(target: TargetOptions | undefined): TargetOptions | undefined;
}

/** This machine. */
export const localBackend: Backend = {
  autoTasks: cpus().length,
  timing: () => LOCAL_TIMING,
  env: process.env,
  isReservedEnv,
  target: (target) => {
    if (target !== undefined && target.observe !== null) {
      checkObserve(target.observe);
      checkSeries(target, DEMO_SERIES);
    }
    return target;
  },
};

/** What `--observe` says to leave the target's scaling out. */
const NONE = 'none';

export interface PrepareOptions {
  backend: Backend;
  script: string;
  k6: string;
  /** From the command line; wins over the script's own. */
  tasks?: number | 'auto' | undefined;
  name?: string | undefined;
  maxLost?: number | undefined;
  observe?: string | undefined;
  timing?: Partial<Timing> | undefined;
  /** `-e` settings. */
  env: Record<string, string>;
  /** Refuses what cannot give a result that is worth the load; `plan` only warns. */
  strict: boolean;
}

export interface Prepared {
  plan: Plan;
  archive: Uint8Array;
  summaryArchive: Uint8Array | null;
  /** The environment that scripts see here. */
  env: NodeJS.ProcessEnv;
  /** What of it `-e` gave. */
  given: Record<string, string>;
}

/**
 * Reads a script with k6 and works out what a run of it would do; starts nothing.
 * @throws UserError, where the script, k6 or an option is not as it must be.
 */
export async function prepare(options: PrepareOptions): Promise<Prepared> {
  const { k6, backend } = options;
  refuseOtherSources(options.script);
  const script = await loadScript(resolve(options.script));
  const env = { ...backend.env, ...options.env };
  const dir = await mkdtemp(join(tmpdir(), 'k6-fleet-'));
  try {
    const archive = join(dir, 'archive.tar');
    const wrapper = join(dir, 'summary.tar');
    const k6Version = await checkK6(k6);
    await archiveScript(k6, script, archive, env);
    const [inspected, probed] = await Promise.all([
      inspectArchive(k6, archive, env),
      // K6_VUS and its like are meant for the test, and would give the k6 that calls handleSummary VUs too.
      archiveWrapper(k6, script, wrapper, scriptEnv(env)).then(() => inspectArchive(k6, wrapper, scriptEnv(env))),
    ]);
    const scriptOptions = ScriptOptions.parse(inspected);
    const probe = (probed.ext as { fleetProbe: Probe }).fleetProbe;
    const fleet = withCommandLine(parseFleetOptions(scriptOptions.ext?.fleet), options);
    if (options.observe !== NONE) fleet.target = backend.target(fleet.target);
    const blind = unjudged(fleet.target);
    if (blind !== null && options.strict) throw new UserError(blind, K6Exit.invalidConfig);
    const ask = async (tasks: number): Promise<Requirements> => {
      const input = JSON.stringify({
        options: inspected,
        tasks,
        metrics: probe.metrics,
        targetThresholds: fleet.target?.thresholds,
      });
      const answer = await runK6(k6, ['x', 'fleet', 'plan'], { input });
      assertSucceeded(answer);
      return Requirements.parse(JSON.parse(answer.stdout));
    };
    const whole = await ask(1);
    const tasks = chooseTasks(fleet, whole.maxVUs, scriptOptions.rps, options);
    const name = sanitise(fleet.name ?? basename(options.script).replace(/\.[^.]+$/, ''));
    const plan = buildPlan({
      id: runId(name, new Date()),
      name,
      script: options.script,
      createdAt: new Date().toISOString(),
      k6Version,
      options: scriptOptions,
      requirements: tasks.count === 1 ? whole : await ask(tasks.count),
      exports: probe.exports,
      fleet,
      maxLost: fleet.maxLost ?? 0,
      timing: { ...backend.timing(tasks.count), ...options.timing },
      envNames: Object.keys(options.env),
      fargate: null,
    });
    plan.warnings.push(...tasks.warnings, ...(blind === null ? [] : [blind]), ...envWarnings(options.env, backend));
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

/** @throws UserError for what plain k6 also takes as a script and we do not. */
function refuseOtherSources(script: string): void {
  if (script !== '-' && !/^https?:/.test(script) && !script.endsWith('.tar')) return;
  throw new UserError(
    `"${script}" is not a script file: standard input, URLs and archives are not taken; save it as a .js or .ts file`,
    K6Exit.invalidConfig,
  );
}

function withCommandLine(fleet: FleetOptions, { tasks, name, maxLost, observe }: PrepareOptions): FleetOptions {
  return {
    tasks: tasks ?? fleet.tasks,
    name: name ?? fleet.name,
    maxLost: maxLost ?? fleet.maxLost,
    target: observe === undefined ? fleet.target : observe === NONE ? undefined : { ...fleet.target, observe },
  };
}

/** What would be left unjudged because nothing observes the target; null: nothing. */
function unjudged(target: FleetOptions['target']): string | null {
  if (target === undefined || target.observe !== null) return null;
  const expectations = [
    ...(target.scaleOutWithinMs == null ? [] : ['scaleOutWithin']),
    ...(target.minPeakTasks === undefined ? [] : ['minPeakTasks']),
    ...(Object.values(target.thresholds ?? {}).some((list) => list.length > 0) ? ['thresholds'] : []),
  ];
  if (expectations.length === 0) return null;
  return `nothing observes the target, so ${listed(expectations)} cannot be judged: name it by --observe, such as demo:http://127.0.0.1:8080, or leave the target's scaling out by --observe none`;
}

const listed = (names: string[]): string => [...names.slice(0, -2), names.slice(-2).join(' and ')].join(', ');

function chooseTasks(
  fleet: FleetOptions,
  maxVUs: number,
  rps: number | null | undefined,
  { strict, backend }: PrepareOptions,
) {
  const wanted = fleet.tasks ?? 'auto';
  const asked = wanted === 'auto' ? autoTasks(maxVUs, backend.autoTasks) : wanted;
  if (strict && asked > Math.max(1, maxVUs)) {
    throw new UserError(
      `--tasks ${asked} is more than the script's ${maxVUs} VUs: use 1 to ${Math.max(1, maxVUs)}`,
      K6Exit.invalidConfig,
    );
  }
  const count = tasksForRps(asked, rps);
  const warnings =
    count < asked
      ? [
          `rps ${rps} is below the number of tasks (${asked}): ${count} tasks are used, for a share of 0 would mean no limit`,
        ]
      : [];
  return { count, warnings };
}

const envWarnings = (env: Record<string, string>, { isReservedEnv }: Backend): string[] =>
  Object.keys(env)
    .filter(isReservedEnv)
    .map((name) => `-e ${name} does not reach the script: names that begin with K6_ are k6's own`);

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
