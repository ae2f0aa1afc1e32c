import { cpus } from 'node:os';
import { isK6Env, isReservedEnv } from '../../core/contract/env.ts';
import { K6Exit } from '../../core/contract/exit-codes.ts';
import { OBSERVE_STACK, type Timing } from '../../core/contract/plan.ts';
import type { StackInfo } from '../../core/contract/stack.ts';
import { DEMO_SERIES, ecsSeries } from '../../core/contract/target-series.ts';
import { UserError } from '../../core/errors.ts';
import { awsTiming, LOCAL_TIMING } from '../../core/plan/build.ts';
import { MAX_TASKS } from '../../core/plan/task-count.ts';
import { checkSeries, type TargetOptions, withAwsDefaults } from '../../core/scaling/target-options.ts';
import { checkObserve } from '../../observers/create-observer.ts';

/** Where the tasks of a run are, as far as its plan depends on it. */
export interface Backend {
  /** The most tasks that `auto` may choose. */
  autoTasks: number;
  timing(tasks: number): Timing;
  /** The environment that scripts see beside `-e`. */
  env: NodeJS.ProcessEnv;
  /** Whether a variable of `-e` is withheld from the script. */
  isReservedEnv(name: string): boolean;
  /** The target as it is observed from this backend. @throws UserError if it cannot be observed from there */
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

/** The variables of this machine that k6 itself needs to read a script. The tasks of a stack do not have the others. */
const NEEDED = ['PATH', 'HOME', 'TMPDIR', 'LANG'];

/** The tasks of a stack. Of this machine's environment their scripts see only what `-e` names. */
export const stackBackend = (info: StackInfo): Backend => ({
  autoTasks: MAX_TASKS,
  timing: awsTiming,
  env: Object.fromEntries(NEEDED.map((name) => [name, process.env[name]]).filter(([, value]) => value !== undefined)),
  isReservedEnv: isK6Env,
  target: (target) => stackTarget(target, info),
});

/**
 * The target of the stack's configuration, unless the script or the command line names another. If the script has no
 * expectations of a target, its scaling is shown but not judged.
 */
function stackTarget(target: TargetOptions | undefined, info: StackInfo): TargetOptions | undefined {
  const observe = target?.observe ?? (info.target === null ? null : OBSERVE_STACK);
  if (observe !== OBSERVE_STACK) {
    if (observe !== null) checkObserve(observe);
    return target;
  }
  if (info.target === null) {
    throw new UserError(
      `stack ${info.stack} has no target to observe: set "target" in its configuration and redeploy it with npx cdk deploy, or leave out the target's scaling with --observe none`,
      K6Exit.invalidConfig,
    );
  }
  if (target === undefined) return { observe };
  checkSeries(target, ecsSeries(info.target));
  return withAwsDefaults({ ...target, observe });
}
