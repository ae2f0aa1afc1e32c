import { describe, expect, it } from 'vitest';
import type { TargetReading } from '../../../../core/contract/result.ts';
import { targetVerdict } from '../../../../core/scaling/verdict.ts';
import { ECS_TIMELINES, type EcsTimeline, readingsOf, vusOf, WATCHED } from './ecs-timelines.ts';
import { at, load } from './timeline.ts';

const second = (s: number | null) => (s === null ? null : at(s));

const judge = (timeline: EcsTimeline, readings: TargetReading[]) =>
  targetVerdict({
    readings,
    events: timeline.events ?? [],
    samples: timeline.samples ?? [],
    // The load ends with its last point; the observation continues.
    points: load(timeline.loadEnds ?? WATCHED, vusOf(timeline)),
    errorRate: 0,
    plan: { observe: 'stack', scaleOutWithinMs: 360_000, minPeakTasks: 1 },
    startAtMs: at(0),
    endedAtMs: at(WATCHED),
  });

/** As a run keeps them: of equal readings in a row the first and the last. */
const thinned = (readings: TargetReading[]): TargetReading[] => {
  const counts = (reading: TargetReading | undefined) => JSON.stringify({ ...reading, at: 0 });
  return readings.filter(
    (reading, i) => counts(readings[i - 1]) !== counts(reading) || counts(readings[i + 1]) !== counts(reading),
  );
};

describe.each(ECS_TIMELINES)('$name', (timeline) => {
  it('is judged by its moments', () => {
    const result = judge(timeline, readingsOf(timeline));

    expect(result.expectations[0]).toEqual({ name: 'scaleOutWithin', ok: timeline.ok, message: timeline.message });
    expect(result.moments).toMatchObject({
      loadRose: at(60),
      desiredRose: second(timeline.desiredRose),
      runningRose: second(timeline.runningRose),
    });
    expect(result.expectations[1]?.message).toMatch(new RegExp(`^running tasks peaked at ${timeline.peakTasks}\\b`));
    expect(result.events).toEqual(timeline.events ?? []);
  });

  it('is judged the same by the readings that a run keeps', () => {
    const readings = readingsOf(timeline);

    expect({ ...judge(timeline, thinned(readings)), timeline: [] }).toEqual({
      ...judge(timeline, readings),
      timeline: [],
    });
  });
});
