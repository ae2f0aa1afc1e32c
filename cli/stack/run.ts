/** A run on AWS: it is checked, uploaded and started from here, and then needs this machine no more. */
import { FleetExit, K6Exit } from '../../core/contract/exit-codes.ts';
import type { StackInfo } from '../../core/contract/stack.ts';
import { UserError } from '../../core/errors.ts';
import { assertAppendable } from '../console-output.ts';
import { followRun } from '../follow.ts';
import type { RunFlags } from '../options.ts';
import { stackBackend } from '../prepare/backend.ts';
import { type PreparedRun, prepareRun } from '../prepare/prepared-run.ts';
import { estimateText, planText } from '../render/plan-text.ts';
import { Runs, type StoredRun } from '../runs.ts';
import { coloursOf, widthOf } from '../terminal.ts';
import { claimTarget } from './active-runs.ts';
import { startExecution } from './execution.ts';
import { type Assessment, assess } from './preflight.ts';
import { loadStack } from './stack-info.ts';

/** Runs a script on a stack, from plan to verdict; the run's exit code becomes this process's. @throws UserError */
export async function runOnStack(script: string, flags: RunFlags & { stack: string }): Promise<void> {
  if (flags.detach === true && flags.consoleOutput !== undefined) {
    throw new UserError(
      '--console-output writes its file when the run has ended: leave out --detach',
      K6Exit.invalidConfig,
    );
  }
  await assertAppendable(flags.consoleOutput);
  const info = await loadStack(flags.stack);
  const prepared = await prepareRun(script, flags, stackBackend(info));
  const assessment = await assess(prepared.plan, info);
  if (flags.quiet !== true) printAssessment(assessment);
  assertAdmitted(assessment, flags);
  const run = await start({ ...prepared, plan: assessment.plan }, info, flags);
  if (flags.detach === true) {
    process.stdout.write(`${run.id}\n`);
    process.stderr.write(`started; watch it with: k6-fleet attach ${run.id}${run.runs.flag}\n`);
    return;
  }
  await followRun(run, flags);
}

function printAssessment({ plan, cost }: Assessment): void {
  const [width, colours] = [widthOf(process.stderr), coloursOf(process.stderr)];
  process.stderr.write(`${planText(plan, { width, colours, withId: true })}\n${estimateText(cost, width, colours)}\n`);
}

/** @throws UserError if the stack cannot run the plan, or the run would cost too much */
function assertAdmitted({ problems, cost }: Assessment, { maxCost }: RunFlags): void {
  if (problems.length > 0) throw new UserError(problems.join('; '), FleetExit.notStarted);
  if (maxCost !== undefined && cost.total > maxCost) {
    const would = cost.isMaximum ? 'may cost up to' : 'would cost about';
    throw new UserError(
      `the run ${would} $${cost.total.toFixed(2)}, more than --max-cost ${maxCost} allows: use fewer tasks, a shorter script${cost.isMaximum ? ' (a lower maxDuration)' : ''} or a smaller task size`,
      K6Exit.invalidConfig,
    );
  }
}

/** Uploads the run and starts its execution. @throws UserError */
async function start(
  { plan, archive, summaryArchive, given }: PreparedRun,
  info: StackInfo,
  flags: RunFlags,
): Promise<StoredRun> {
  const run = (await Runs.ofStack(info)).run(plan.id);
  await claimTarget(run.store, info, plan.id, { alongside: flags.alongside === true });
  // First, so that no file of another run is overwritten.
  if (!(await run.createArchive(archive))) {
    throw new UserError(`run ${plan.id} exists already: start it again`, FleetExit.internal);
  }
  await Promise.all([
    summaryArchive === null ? null : run.putSummaryArchive(summaryArchive),
    run.putEnvironment(given),
  ]);
  // Last: a run that has a plan is complete.
  await run.putPlan(plan);
  await startExecution(info, plan.id);
  return run;
}
