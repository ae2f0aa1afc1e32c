/** Thresholds with abortOnFail, evaluated while a run is under way. */
import type { Plan } from '../../contract/plan.ts';
import { judge } from '../../metrics/thresholds.ts';
import { judgeTargetThresholds } from '../../scaling/thresholds.ts';
import type { TickInput } from '../phases/step.ts';
import type { Run, RunState } from '../state.ts';
import { testDurationMs } from './result.ts';

type Aborts = Pick<TickInput, 'abort' | 'targetAbort'>;

export const NO_ABORT: Readonly<Aborts> = { abort: null, targetAbort: null };

/** The thresholds that fail now, if one of them has abortOnFail. @param now Unix ms */
export function evaluateAborts({ plan, state, metrics }: Run, now: number): Aborts {
  if (state.phase !== 'running') return NO_ABORT;
  const verdicts = judge(metrics, plan.thresholds, testDurationMs(state, now), { final: false });
  const abort = verdicts.some((verdict) => verdict.abort);
  return {
    abort: abort ? verdicts.filter(({ ok }) => !ok).map(({ key }) => key) : null,
    targetAbort: failedTargetThresholds(plan, state, now),
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
