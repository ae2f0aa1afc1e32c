import { checkReadiness } from './readiness.ts';
import { enterRunning } from './running.ts';
import { enterSetup } from './setup.ts';
import type { Step } from './step.ts';

/** Launching: every task starts its k6, paused. Then setup, or the load at once if the script has no setup(). */
export function advanceLaunching(step: Step): void {
  checkReadiness(step);
  if (step.stopping || !step.all('ready', 'armed')) return;
  if (step.plan.exports.setup) enterSetup(step);
  else enterRunning(step);
}
