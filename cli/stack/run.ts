/** A run on AWS: checked, uploaded and started from here; from then on it needs nobody. */
import { type Estimate, estimate } from '../../core/aws/cost.ts';
import { dashboardUrl } from '../../core/contract/cloudwatch.ts';
import { encodeJson } from '../../core/contract/codec.ts';
import { FleetExit, K6Exit } from '../../core/contract/exit-codes.ts';
import type { Plan } from '../../core/contract/plan.ts';
import type { Result } from '../../core/contract/result.ts';
import type { StackInfo } from '../../core/contract/stack.ts';
import { UserError } from '../../core/errors.ts';
import { follow } from '../follow.ts';
import { type OutcomeOptions, printOutcome } from '../outcome.ts';
import type { Prepared } from '../prepare/prepare.ts';
import { estimateText } from '../render/plan-text.ts';
import type { ResultFile } from '../render/verdict-text.ts';
import { prepareRun, type RunFlags, showPlan } from '../run-flags.ts';
import type { StoredRun } from '../runs.ts';
import { coloursOf, widthOf } from '../terminal.ts';
import { claimTarget } from './active-runs.ts';
import { stackBackend } from './backend.ts';
import { copyResults } from './copy-results.ts';
import { startExecution } from './execution.ts';
import { preflight } from './preflight.ts';
import { runsIn } from './runs.ts';
import { loadStack } from './stack-info.ts';

/** How much of the time around a run its dashboard shows, ms. */
const MARGIN_MS = 5 * 60_000;

interface FinishFlags extends OutcomeOptions {
  quiet?: boolean;
  /** The folder of runs on this machine. */
  store: string;
}

/** Runs a script on a stack, from plan to verdict; the run's exit code becomes this process's. @throws UserError */
export async function runOnStack(script: string, flags: RunFlags & { stack: string }): Promise<void> {
  const info = await loadStack(flags.stack);
  const { prepared } = await prepareRun(script, flags, stackBackend(info));
  await admit(prepared, info, flags);
  const run = await start(prepared, info, flags);
  if (flags.detach === true) {
    process.stdout.write(`${run.id}\n`);
    process.stderr.write(`started; watch it by: k6-fleet attach ${run.id}${run.runs.flag}\n`);
    return;
  }
  await finish(run, flags);
}

/** Follows a run to its end and prints what came of it, unless the user leaves it to itself. */
export async function finish(run: StoredRun, flags: FinishFlags): Promise<void> {
  const result = await follow(run, { quiet: flags.quiet === true });
  if (result === 'detached') {
    process.stderr.write(`the run goes on; watch it by: k6-fleet attach ${run.id}${run.runs.flag}\n`);
    return;
  }
  const { stack } = run.runs;
  const at = stack === null ? run : await copyResults(run, result, flags.store);
  await printOutcome(at, result, { ...flags, links: stack === null ? [] : linksOf(run, stack, result) });
  process.exitCode = result.verdict.exitCode || process.exitCode;
}

/** Where to look on AWS. */
function linksOf(
  run: StoredRun,
  { region, dashboard }: StackInfo,
  { run: { createdAt, endedAt } }: Result,
): ResultFile[] {
  const bucket = { label: 'bucket', path: run.where };
  if (dashboard === null) return [bucket];
  const path = dashboardUrl(region, dashboard, Date.parse(createdAt) - MARGIN_MS, Date.parse(endedAt) + MARGIN_MS);
  return [bucket, { label: 'dashboard', path }];
}

/** Checks that the run can be had and may cost what it costs; says both. @throws UserError */
async function admit(prepared: Prepared, info: StackInfo, flags: RunFlags): Promise<void> {
  const { cost, problems } = await assess(prepared.plan, info);
  showPlan(prepared, flags);
  if (flags.quiet !== true) {
    process.stderr.write(`${estimateText(cost, widthOf(process.stderr), coloursOf(process.stderr))}\n`);
  }
  if (problems.length > 0) throw new UserError(problems.join('; '), FleetExit.notStarted);
  if (flags.maxCost !== undefined && cost.total > flags.maxCost) {
    throw new UserError(
      `the run would cost about $${cost.total.toFixed(2)}, more than --max-cost ${flags.maxCost} allows: use fewer tasks, a shorter script or a smaller task size`,
      K6Exit.invalidConfig,
    );
  }
}

/** Completes a plan by what AWS says of the account: where its tasks go, what is to be warned of, what speaks against it. */
export async function assess(plan: Plan, info: StackInfo): Promise<{ cost: Estimate; problems: string[] }> {
  const { problems, warnings, subnets } = await preflight({ plan, info });
  plan.fargate = { subnets };
  plan.warnings.push(...warnings);
  return { cost: estimate(plan, info), problems };
}

async function start({ plan, archive, summaryArchive, given }: Prepared, info: StackInfo, flags: RunFlags) {
  const run = runsIn(info).run(plan.id);
  const { store, keys } = run;
  await claimTarget(store, info, plan.id, { alongside: flags.alongside === true });
  // First, so that nothing of another run is written over.
  if (!(await store.create(keys.archive, archive))) {
    throw new UserError(`run ${plan.id} exists already: start it anew`, FleetExit.internal);
  }
  await Promise.all([
    summaryArchive === null ? null : store.put(keys.summaryArchive, summaryArchive),
    store.put(keys.environment, encodeJson(given)),
  ]);
  // Last: a plan stands for a run that is complete.
  await store.put(keys.plan, encodeJson(plan));
  await startExecution(info, plan.id);
  return run;
}
