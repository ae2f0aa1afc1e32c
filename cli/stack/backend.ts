import { isK6Env } from '../../core/contract/env.ts';
import { K6Exit } from '../../core/contract/exit-codes.ts';
import { OBSERVE_STACK } from '../../core/contract/plan.ts';
import type { StackInfo } from '../../core/contract/stack.ts';
import { ecsSeries } from '../../core/contract/target-series.ts';
import { UserError } from '../../core/errors.ts';
import { awsTiming } from '../../core/plan/build.ts';
import { checkSeries, type TargetOptions, withAwsDefaults } from '../../core/scaling/target-options.ts';
import { checkObserve } from '../../observers/create-observer.ts';
import type { Backend } from '../prepare/prepare.ts';

/** What k6 itself needs of this machine's environment to read a script. The tasks of a stack do not have the rest. */
const NEEDED = ['PATH', 'HOME', 'TMPDIR', 'LANG'];

/** The tasks of a stack: their scripts see nothing of this machine's environment but what `-e` names. */
export const stackBackend = (info: StackInfo): Backend => ({
  autoTasks: MAX_TASKS,
  timing: awsTiming,
  env: Object.fromEntries(NEEDED.map((name) => [name, process.env[name]]).filter(([, value]) => value !== undefined)),
  isReservedEnv: isK6Env,
  target: (target) => observed(target, info),
});

/** As many as `--tasks` takes. */
const MAX_TASKS = 10_000;

/**
 * The target that the stack's configuration names is observed, unless the script or the command line names another.
 * Where the script expects nothing of a target, its scaling is shown and not judged.
 */
function observed(target: TargetOptions | undefined, info: StackInfo): TargetOptions | undefined {
  const observe = target?.observe ?? (info.target === null ? null : OBSERVE_STACK);
  if (observe !== OBSERVE_STACK) {
    if (observe !== null) checkObserve(observe);
    return target;
  }
  if (info.target === null) {
    throw new UserError(
      `stack ${info.stack} names no target: set "target" in its configuration and deploy it again, or leave the target out by --observe none`,
      K6Exit.invalidConfig,
    );
  }
  if (target === undefined) return { observe };
  checkSeries(target, ecsSeries(info.target));
  return withAwsDefaults({ ...target, observe });
}
