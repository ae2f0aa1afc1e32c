import { checkReadiness } from './readiness.ts';
import { enterRunning } from './running.ts';
import type { Step } from './step.ts';

/** Arming: every task loads the setup data into its k6. Then the load. */
export function advanceArming(step: Step): void {
  checkReadiness(step);
  if (!step.stopping && step.all('armed')) enterRunning(step);
}
