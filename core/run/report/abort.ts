/** Thresholds with abortOnFail, in the midst of a run. */
import type { Plan } from '../../contract/plan.ts';
import type { RunMetrics } from '../../metrics/run-metrics.ts';
import { judge } from '../../metrics/thresholds.ts';
import { judgeTargetThresholds } from '../../scaling/thresholds.ts';
import type { TickInput } from '../phases/step.ts';
import type { RunState } from '../state.ts';
import { testDurationMs } from './result.ts';

type Aborts = Pick<TickInput, 'abort' | 'targetAbort'>;

export const NO_ABORT: Aborts = { abort: null, targetAbort: null };

/** What fails now, where one of it asks for an abort. @param now Unix ms */
export function thresholdsToAbort(plan: Plan, state: RunState, metrics: RunMetrics, now: number): Aborts {
  if (state.phase !== 'running') return NO_ABORT;
  const verdicts = judge(metrics, plan.thresholds, testDurationMs(state, now), { final: false });
  const abort = verdicts.some((verdict) => verdict.abort);
  return {
    abort: abort ? verdicts.filter(({ ok }) => !ok).map(({ key }) => key) : null,
    targetAbort: targetToAbort(plan, state, now),
  };
}

function targetToAbort({ target }: Plan, state: RunState, now: number): string[] | null {
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
