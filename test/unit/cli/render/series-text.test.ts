import { describe, expect, it } from 'vitest';
import { palette, textWidth } from '../../../../cli/render/line.ts';
import { seriesLines } from '../../../../cli/render/series-text.ts';
import type { TargetResult } from '../../../../core/contract/result.ts';
import { sampleResult } from './samples.ts';

const START = Date.parse('2026-11-23T12:00:00Z');
const LOAD = { startAt: START, endedAt: START + 3 * 60_000 };
const minutes = (...values: number[]) => values.map((value, i) => ({ at: START + (i - 1) * 60_000, value }));

const target: TargetResult = {
  ...(sampleResult.target as TargetResult),
  series: {
    responseTime: minutes(1, 200, 1500, 300),
    cpu: minutes(1, 20, 93.25, 40),
    healthyHosts: minutes(2),
    dbConnections: minutes(900, 120, 1800, 60),
  },
};
const lines = (width: number) => seriesLines(target, LOAD, width, palette(false));

describe('seriesLines', () => {
  it('has a row for each series with values since the start', () => {
    expect(lines(80)).toEqual([
      '  series           min    avg    max   last  over time',
      '  cpu              20%  51.1%  93.3%    40%  ▃█▄',
      '  dbConnections     60    660   1.8k     60  ▁█▁',
      '  responseTime   200ms  667ms   1.5s  300ms  ▂█▂',
    ]);
  });

  it('shows what a load within one minute was judged by', () => {
    const short = { startAt: START + 10_000, endedAt: START + 40_000 };
    const series = { cpu: [{ at: START, value: 42 }] };
    expect(seriesLines({ ...target, series }, short, 80, palette(false))[1]).toMatch(/^ {2}cpu +42%/);
  });

  it('leaves columns out if there is no room', () => {
    for (const width of [30, 50]) for (const line of lines(width)) expect(textWidth(line)).toBeLessThanOrEqual(width);
    expect(lines(40)[0]).not.toContain('avg');
  });

  it('is empty without series, and before the start', () => {
    expect(seriesLines({ ...target, series: {} }, LOAD, 80, palette(false))).toEqual([]);
    expect(seriesLines(target, { startAt: Number.NaN, endedAt: Number.NaN }, 80, palette(false))).toEqual([]);
  });
});
