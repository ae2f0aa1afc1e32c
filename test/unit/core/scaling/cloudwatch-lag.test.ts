import { describe, expect, it } from 'vitest';
import type { Threshold } from '../../../../core/contract/plan.ts';
import type { TargetSample } from '../../../../core/contract/result.ts';
import { coversLoad, samplesDueUntil } from '../../../../core/scaling/cloudwatch-lag.ts';
import { at } from './timeline.ts';

describe('samplesDueUntil', () => {
  const threshold = { source: 'max<90' } as Threshold;
  const ended = at(630);
  const open = at(630 + 180);
  const sample = (series: string, second: number): TargetSample => ({ series, at: at(second), value: 1 });
  const plan = { observe: 'stack', thresholds: { cpu: [threshold], dbConnections: [threshold] } };

  it.each<[string, Parameters<typeof samplesDueUntil>[0], TargetSample[], number | null]>([
    ['no series has a value of the last minute', plan, [sample('cpu', 540), sample('dbConnections', 540)], open],
    ['one series has none', plan, [sample('cpu', 600), sample('dbConnections', 540)], open],
    ['each has one', plan, [sample('cpu', 600), sample('dbConnections', 600)], null],
    ['counts do not lag', { observe: 'stack', thresholds: { running: [threshold] } }, [], null],
    ['no thresholds on a series', { observe: 'stack', thresholds: { cpu: [] } }, [], null],
    ['no thresholds', { observe: 'stack' }, [], null],
    ['no observer', { ...plan, observe: null }, [], null],
    ['another observer, which reports without delay', { ...plan, observe: 'demo:http://127.0.0.1:8080' }, [], null],
  ])('%s', (_, given, samples, until) => {
    expect(samplesDueUntil(given, samples, ended)).toBe(until);
  });
});

describe('coversLoad', () => {
  it.each<[string, number, number, number, boolean]>([
    ['a value since the start', 60, 30, 120, true],
    ['of a load that contains a whole minute: not that of the minute in which it began', 0, 30, 120, false],
    ['of a load within one minute: that of this minute', 0, 10, 50, true],
    ['of a load in parts of two minutes: that of the first, where most of it lies', 0, 10, 100, true],
    ['nor that of the first, if most of it lies in the second', 0, 50, 100, false],
    ['not that of the minute before', -60, 10, 50, false],
    ['not that of a moment before the start', 5, 10, 50, false],
  ])('%s', (_, second, startAt, loadEndedAt, covers) => {
    expect(coversLoad(at(second), at(startAt), at(loadEndedAt))).toBe(covers);
  });
});
