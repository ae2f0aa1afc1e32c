import { describe, expect, it } from 'vitest';
import type { Threshold } from '../../../../core/contract/plan.ts';
import type { TargetSample } from '../../../../core/contract/result.ts';
import { AWS_SCALE_OUT_WITHIN_MS, withAwsDefaults } from '../../../../core/scaling/aws-defaults.ts';
import { samplesOpenUntil, tellsOfLoad } from '../../../../core/scaling/cloudwatch-lag.ts';
import { parseTarget, targetPlan } from '../../../../core/scaling/plan.ts';
import { at } from './timeline.ts';

describe('withAwsDefaults', () => {
  it('gives a target that the stack observes 6 min to scale out', () => {
    expect(AWS_SCALE_OUT_WITHIN_MS).toBe(360_000);
    expect(withAwsDefaults(parseTarget({ observe: 'stack' }))).toEqual({ observe: 'stack', scaleOutWithinMs: 360_000 });
  });

  it.each([
    ['another time', { observe: 'stack', scaleOutWithin: '2m' }],
    ['that none is expected', { observe: 'stack', scaleOutWithin: false }],
    ['another observer', { observe: 'demo:http://127.0.0.1:8080' }],
    ['no observer', {}],
  ])('leaves a script its word: %s', (_, raw) => {
    expect(withAwsDefaults(parseTarget(raw))).toEqual(parseTarget(raw));
  });

  it('a scale-out that is not expected is not in the plan', () => {
    expect(targetPlan(parseTarget({ observe: 'stack', scaleOutWithin: false }), {})).toEqual({ observe: 'stack' });
  });
});

describe('samplesOpenUntil', () => {
  const threshold = { source: 'max<90' } as Threshold;
  const ended = at(630);
  const open = at(630 + 180);
  const sample = (series: string, second: number): TargetSample => ({ series, at: at(second), value: 1 });
  const plan = { observe: 'stack', thresholds: { cpu: [threshold], dbConnections: [threshold] } };

  it.each<[string, Parameters<typeof samplesOpenUntil>[0], TargetSample[], number | null]>([
    ['nothing was told of the last minute', plan, [sample('cpu', 540), sample('dbConnections', 540)], open],
    ['one series has not told of it', plan, [sample('cpu', 600), sample('dbConnections', 540)], open],
    ['each has told of it', plan, [sample('cpu', 600), sample('dbConnections', 600)], null],
    ['counts do not lag', { observe: 'stack', thresholds: { running: [threshold] } }, [], null],
    ['no thresholds on a series', { observe: 'stack', thresholds: { cpu: [] } }, [], null],
    ['no thresholds', { observe: 'stack' }, [], null],
    ['nobody observes', { ...plan, observe: null }, [], null],
    ['another observer, which tells at once', { ...plan, observe: 'demo:http://127.0.0.1:8080' }, [], null],
  ])('%s', (_, given, samples, until) => {
    expect(samplesOpenUntil(given, samples, ended)).toBe(until);
  });
});

describe('tellsOfLoad', () => {
  it.each<[string, number, number, number, boolean]>([
    ['a value since the start', 60, 30, 120, true],
    ['of a load with a whole minute in it: not that of the minute in which it began', 0, 30, 120, false],
    ['of a load within one minute: that of this minute', 0, 10, 50, true],
    ['of a load in parts of two minutes: that of the first, where most of it lies', 0, 10, 100, true],
    ['or not, where most of it lies in the second', 0, 50, 100, false],
    ['not that of the minute before', -60, 10, 50, false],
    ['not that of a moment before the start', 5, 10, 50, false],
  ])('%s', (_, second, startAt, loadEndedAt, tells) => {
    expect(tellsOfLoad(at(second), at(startAt), at(loadEndedAt))).toBe(tells);
  });
});
