import type { TargetPlan } from '../contract/plan.ts';
import type {
  Expectation,
  SeriesPoint,
  TargetEvent,
  TargetMoments,
  TargetReading,
  TargetResult,
} from '../contract/result.ts';
import { type Facts, judgeErrorRate, judgePeak, judgeRecovery, judgeScaleOut } from './expectations.ts';
import { loadRoseAt, pointMs, recoveryAt, scalingAt, timingsOf } from './moments.ts';

export interface TargetInput {
  /** What the observer read, in any order. */
  readings: readonly TargetReading[];
  /** What the observer reported; may hold events twice, or from before the run, where a leg of the run resumed. */
  events: readonly TargetEvent[];
  /** The merged load and latency, in points of 1 s or wider, in order of time. */
  points: readonly SeriesPoint[];
  /** Failed requests over all requests of the run, 0 to 1. */
  errorRate: number;
  plan: TargetPlan;
  /** Unix ms of the load's end. */
  endedAtMs: number;
}

/** When the target scaled while the load rose, and whether that is what the plan expects. */
export function targetVerdict(input: TargetInput): TargetResult {
  const { points, errorRate, plan, endedAtMs } = input;
  const timeline = [...input.readings].sort((a, b) => a.at - b.at);
  const loadRose = loadRoseAt(points);
  const loadBegan = points[0] ? pointMs(points[0]) : null;
  const scaling = loadRose === null || loadBegan === null ? null : scalingAt(timeline, loadBegan, loadRose);
  const recovery =
    loadRose === null || !plan.recoverWithin ? null : recoveryAt(points, loadRose, plan.recoverWithin.p95Ms);
  const moments: TargetMoments = {
    loadRose,
    desiredRose: scaling?.desiredRose ?? null,
    runningRose: scaling?.runningRose ?? null,
    latencyRecovered: recovery?.point ? pointMs(recovery.point) : null,
  };
  const timings = timingsOf(moments);
  const peak = peakOf(timeline.filter((reading) => reading.at >= (loadBegan ?? 0)));
  const facts: Facts = { plan, moments, timings, scaling, recovery, peak, errorRate, endedAtMs };
  return {
    timeline,
    series: {},
    events: eventsOf(input.events, timeline[0]?.at ?? 0),
    moments,
    timings,
    peakTasks: peak?.running ?? null,
    expectations: [judgeScaleOut, judgePeak, judgeErrorRate, judgeRecovery]
      .map((judge) => judge(facts))
      .filter((expectation): expectation is Expectation => expectation !== null),
  };
}

function peakOf(readings: readonly TargetReading[]): TargetReading | null {
  return readings.reduce<TargetReading | null>(
    (peak, reading) => (peak === null || reading.running > peak.running ? reading : peak),
    null,
  );
}

/** In order of time, each once, without those from before the target was first read. */
function eventsOf(events: readonly TargetEvent[], since: number): TargetEvent[] {
  const unique = new Map(events.map((event) => [`${event.at} ${event.message}`, event]));
  return [...unique.values()].filter((event) => event.at >= since).sort((a, b) => a.at - b.at);
}
