import type { TargetPlan } from '../contract/plan.ts';
import type {
  Expectation,
  SeriesPoint,
  TargetEvent,
  TargetMoments,
  TargetReading,
  TargetResult,
  TargetSample,
} from '../contract/result.ts';
import {
  type ExpectationInput,
  judgeErrorRate,
  judgePeak,
  judgeRecovery,
  judgeScaleOut,
  noReadings,
} from './expectations.ts';
import { findRecovery, findScaleOut, loadRise, pointMs, timingsOf } from './moments.ts';
import { seriesOf } from './series.ts';
import { judgeTargetThresholds, type TargetThresholdsInput } from './thresholds.ts';

export interface TargetVerdictInput {
  /** What the observer read, in any order. */
  readings: readonly TargetReading[];
  /** What the observer reported. After a resume it may hold events twice, and events from before the run. */
  events: readonly TargetEvent[];
  /** In any order. If two have the same series and time, the later one in the list counts. */
  samples?: readonly TargetSample[];
  /** The merged load and latency, in points of 1 s or wider, in order of time. */
  points: readonly SeriesPoint[];
  /** Failed requests over all requests of the run, 0 to 1; null: there were no requests. */
  errorRate: number | null;
  plan: TargetPlan;
  /** Unix ms: thresholds judge values from here on. Null or not given: from the first point's start. */
  startAtMs?: number | null;
  /** Unix ms: when the last iterations start. Not given: until the last point. */
  loadEndsAtMs?: number;
  /** Unix ms: until when the target was observed. The load may have ended before. */
  endedAtMs: number;
}

/** When the target scaled while the load rose, and whether that is what the plan expects. Pure. */
export function targetVerdict(input: TargetVerdictInput): TargetResult {
  const { points, errorRate, plan, endedAtMs, samples = [] } = input;
  const timeline = [...input.readings].sort((a, b) => a.at - b.at);
  const load = loadRise(points);
  const loadRose = load?.roseAt ?? null;
  const loadBegan = points[0] ? pointMs(points[0]) : null;
  const events = eventsOf(input.events, timeline[0]?.at ?? 0);
  const scaleOut =
    loadRose === null || loadBegan === null ? null : findScaleOut({ readings: timeline, events, loadBegan, loadRose });
  const recovery =
    loadRose === null || !plan.recoverWithin
      ? null
      : findRecovery({
          points,
          loadRose,
          loadEndsAt: input.loadEndsAtMs ?? Number.POSITIVE_INFINITY,
          p95Ms: plan.recoverWithin.p95Ms,
        });
  const moments: TargetMoments = {
    loadRose,
    desiredRose: scaleOut?.desiredRose ?? null,
    runningRose: scaleOut?.runningRose ?? null,
    latencyRecovered: recovery?.point ? pointMs(recovery.point) : null,
    latencyLost: recovery?.relapse ? pointMs(recovery.relapse.lost) : null,
  };
  const timings = timingsOf(moments);
  const peak = peakOf(timeline.filter((reading) => reading.at >= (loadBegan ?? 0)));
  const expectationInput: ExpectationInput = {
    plan,
    timeline,
    samples,
    moments,
    timings,
    load,
    scaleOut,
    recovery,
    peak,
    errorRate,
    observedUntilMs: endedAtMs,
  };
  const startAt = input.startAtMs ?? loadBegan ?? endedAtMs;
  return {
    timeline,
    series: seriesOf(samples),
    events,
    moments,
    timings,
    peakTasks: peak?.running ?? null,
    expectations: [
      ...[judgeScaleOut, judgePeak, judgeErrorRate, judgeRecovery].map((judge) => judge(expectationInput)),
      ...thresholdExpectations({
        plan,
        readings: timeline,
        samples,
        startAt,
        loadEndedAt: load?.endedAt ?? endedAtMs,
        until: endedAtMs,
        testDurationMs: endedAtMs - startAt,
      }),
    ].filter((expectation): expectation is Expectation => expectation !== null),
  };
}

function thresholdExpectations(input: TargetThresholdsInput): Expectation[] {
  const { plan } = input;
  if (plan.observe === null && Object.values(plan.thresholds ?? {}).flat().length > 0) {
    return [{ name: 'thresholds', ok: false, message: noReadings(plan) }];
  }
  return judgeTargetThresholds(input).map(({ ok, message }) => ({ name: 'thresholds', ok, message }));
}

/** The reading with the most tasks both desired and running; among equals the one with the most running. */
function peakOf(readings: readonly TargetReading[]): TargetReading | null {
  const wanted = ({ running, desired }: TargetReading) => Math.min(running, desired);
  return readings.reduce<TargetReading | null>((peak, reading) => {
    if (peak === null) return reading;
    const more = wanted(reading) - wanted(peak) || reading.running - peak.running;
    return more > 0 ? reading : peak;
  }, null);
}

/** In order of time, each once, without events from before the first reading. */
function eventsOf(events: readonly TargetEvent[], since: number): TargetEvent[] {
  const unique = new Map(events.map((event) => [`${event.at} ${event.message}`, event]));
  return [...unique.values()].filter((event) => event.at >= since).sort((a, b) => a.at - b.at);
}
