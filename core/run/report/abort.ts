/** Thresholds with abortOnFail, evaluated while a run is under way. */
import type { Phase } from '../../contract/control.ts';
import type { Plan } from '../../contract/plan.ts';
import { judgeTargetThresholds } from '../../scaling/thresholds.ts';
import type { TickInput } from '../phases/step.ts';
import type { Run, RunState } from '../state.ts';
import { judgeSoFar } from './frontier.ts';
import { testDurationMs } from './result.ts';

type Aborts = Pick<TickInput, 'abort' | 'targetAbort'>;

export const NO_ABORT: Readonly<Aborts> = { abort: null, targetAbort: null };

/** In these phases samples arise. As in k6, setup() and teardown() are judged, too. */
const JUDGED: ReadonlySet<Phase> = new Set(['setup', 'running', 'teardown']);

/**
 * The thresholds that fail at the frontier, if one of them has abortOnFail. The target's own series are judged as of now:
 * they do not wait for any task.
 * @param now Unix ms
 */
export function evaluateAborts(run: Run, now: number): Aborts {
  const { plan, state } = run;
  if (!JUDGED.has(state.phase)) return NO_ABORT;
  const verdicts = judgeSoFar(run);
  const abort = verdicts.some((verdict) => verdict.abort);
  return {
    abort: abort ? verdicts.filter(({ ok }) => !ok).map(({ key }) => key) : null,
    targetAbort: state.phase === 'running' ? failedTargetThresholds(plan, state, now) : null,
  };
}

function failedTargetThresholds({ target }: Plan, state: RunState, now: number): string[] | null {
  const { startAt, readings, samples } = state;
  if (target === null || startAt === null || now < startAt) return null;
  const testMs = testDurationMs(state, now);
  const verdicts = judgeTargetThresholds({
    plan: target,
    readings,
    samples,
    startAt,
    until: now,
    testDurationMs: testMs,
  });
  if (!verdicts.some(({ abort }) => abort)) return null;
  return verdicts.filter(({ ok, value }) => !ok && value !== null).map(({ message }) => message);
}
