import { describe, expect, it } from 'vitest';
import type { MetricType } from '../../../../core/contract/window.ts';
import { breakdownRows, checkResults, metricResults } from '../../../../core/metrics/metric-results.ts';
import { RunMetrics } from '../../../../core/metrics/run-metrics.ts';
import { summaryData } from '../../../../core/metrics/summary.ts';
import { judge } from '../../../../core/metrics/thresholds.ts';
import { foldWindow, type RawSample } from '../../../support/fold.ts';
import { threshold, thresholdKey } from '../../../support/pooled.ts';
import { testOf } from '../../../support/times.ts';

const CONTEXT = { startAtMs: 0, clockOffsetMs: 0 };
const TREND_STATS = ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)'];
const THRESHOLDS = [
  thresholdKey('my_t', 'trend', [threshold('p', '<', 5, { percentile: 95 }), threshold('max', '>', 100)]),
  thresholdKey('unused{a:b}', 'trend', [threshold('avg', '<', 1)]),
  thresholdKey('unused_c', 'counter', [threshold('count', '>', 0), threshold('rate', '<', 1)]),
  thresholdKey('my_t{x:y}', 'trend', [threshold('med', '<', 1)]),
];
const PLAN = { thresholds: THRESHOLDS, summary: { trendStats: TREND_STATS, timeUnit: 'ms', mode: 'compact' as const } };

const sample = (metric: string, type: MetricType, value: number, tags: Record<string, string> = {}): RawSample => {
  return { metric, type, value, tags, atMs: 5000 };
};
const check = (name: string, group: string, ok: number) => sample('checks', 'rate', ok, { check: name, group });
const group = (path: string) => sample('group_duration', 'trend', 1, { group: path });

/** One iteration of the script whose summary by k6 v2.2.0 is the expectation of these tests. */
const ITERATION: RawSample[] = [
  check('root ok', '', 1),
  check('one', '::outer::inner', 1),
  check('two', '::outer::inner', 0),
  sample('my_t', 'trend', 3.5, { x: 'y' }),
  sample('my_t', 'trend', Infinity),
  group('::outer::inner'),
  group('::outer::empty'),
  group('::outer'),
  sample('my_g', 'gauge', -4),
  sample('my_c', 'counter', 1.5),
  sample('my_r', 'rate', 0),
  group('::g2'),
  sample('iterations', 'counter', 1),
];

function merged() {
  const metrics = new RunMetrics(THRESHOLDS);
  for (const task of [0, 1]) metrics.addWindow(foldWindow(ITERATION, { task, keys: THRESHOLDS }), CONTEXT);
  return metrics;
}

const summary = () => summaryData(merged(), PLAN, { times: testOf(2000) });

describe('summaryData', () => {
  it('has the groups and checks of k6, in the order of the script, with its ids', () => {
    const checks = (...all: [name: string, path: string, id: string, passes: number, fails: number][]) =>
      all.map(([name, path, id, passes, fails]) => ({ name, path, id, passes, fails }));
    expect(summary().root_group).toEqual({
      name: '',
      path: '',
      id: 'd41d8cd98f00b204e9800998ecf8427e',
      groups: [
        {
          name: 'outer',
          path: '::outer',
          id: 'c34b428ee7255085dfe7fef53d3394d5',
          groups: [
            {
              name: 'inner',
              path: '::outer::inner',
              id: 'b6c425bc7b9e3d21a2d56ce7a6de3614',
              groups: [],
              checks: checks(
                ['one', '::outer::inner::one', '1cf6a9948fde61c4faf705c4beb04d13', 2, 0],
                ['two', '::outer::inner::two', '2798252c631209445a91b8aac6c2af0a', 0, 2],
              ),
            },
            { name: 'empty', path: '::outer::empty', id: '585a174ba2cf14c27fc2dac440b7ba9c', groups: [], checks: [] },
          ],
          checks: [],
        },
        { name: 'g2', path: '::g2', id: '06b3bb0db71e4a174f99a98c0d5aceed', groups: [], checks: [] },
      ],
      checks: checks(['root ok', '::root ok', '9a460c9feaf8ae8dbe8bcfa157778857', 2, 0]),
    });
  });

  it('has the metrics of k6: all with samples, all with thresholds, and their parents', () => {
    const { metrics } = summary();
    expect(Object.keys(metrics)).toEqual(
      [
        'checks',
        'group_duration',
        'iterations',
        'my_c',
        'my_g',
        'my_r',
        'my_t',
        'my_t{x:y}',
        'unused',
        'unused_c',
        'unused{a:b}',
      ].sort((a, b) => a.split('{')[0]?.localeCompare(b.split('{')[0] ?? '', 'en') || a.localeCompare(b, 'en')),
    );
    expect(metrics).toMatchObject({
      my_g: { type: 'gauge', contains: 'default', values: { value: -4, min: -4, max: -4 } },
      my_c: { type: 'counter', values: { count: 3, rate: 1.5 } },
      my_r: { type: 'rate', values: { rate: 0, passes: 0, fails: 2 } },
      my_t: { type: 'trend', thresholds: { 'p(95)<5': { ok: false }, 'max>100': { ok: true } } },
      'my_t{x:y}': { values: { min: 3.5, med: 3.5, max: 3.5, 'p(90)': 3.5 }, thresholds: { 'med<1': { ok: false } } },
      unused: { type: 'trend', values: Object.fromEntries(TREND_STATS.map((stat) => [stat, 0])) },
      'unused{a:b}': { thresholds: { 'avg<1': { ok: true } } },
      unused_c: { values: { count: 0, rate: 0 }, thresholds: { 'count>0': { ok: false }, 'rate<1': { ok: true } } },
    });
    expect(metrics.unused).not.toHaveProperty('thresholds');
  });

  it('is written with null for infinities and NaN, as k6 writes it', () => {
    const { metrics } = JSON.parse(JSON.stringify(summary()));
    expect(metrics.my_t.values).toEqual({ avg: null, min: 3.5, med: null, max: null, 'p(90)': null, 'p(95)': null });
  });

  it('has the options and the state', () => {
    expect(summary()).toMatchObject({
      options: { summaryTrendStats: TREND_STATS, summaryTimeUnit: 'ms', noColor: false },
      state: { isStdOutTTY: false, isStdErrTTY: false, testRunDurationMs: 2000 },
    });
  });

  it('shows http_req_duration{expected_response:true} only if it has samples', () => {
    const key = thresholdKey('http_req_duration{expected_response:true}', 'trend', []);
    const input = { times: testOf(1) };
    const plan = { ...PLAN, thresholds: [] };
    const metricsOf = (tags: Record<string, string>) => {
      const metrics = new RunMetrics([]);
      metrics.addWindow(foldWindow([sample('http_req_duration', 'trend', 1, tags)], { keys: [key] }), CONTEXT);
      return Object.keys(summaryData(metrics, plan, input).metrics);
    };
    expect(metricsOf({ expected_response: 'true' })).toEqual(['http_req_duration', key.key]);
    expect(metricsOf({ expected_response: 'false' })).toEqual(['http_req_duration']);
  });
});

describe('result', () => {
  it('has more percentiles than the summary, and thresholds as a list', () => {
    const m = merged();
    const metrics = metricResults(m, PLAN, testOf(2000), judge(m, THRESHOLDS, testOf(2000)));
    expect(Object.keys(metrics.my_t?.values ?? {})).toEqual([
      'count',
      'avg',
      'min',
      'med',
      'max',
      'p(90)',
      'p(95)',
      'p(99)',
      'p(99.9)',
    ]);
    expect(metrics.my_t).toMatchObject({ values: { count: 4, max: null }, thresholds: [{ ok: false }, { ok: true }] });
  });

  it('lists checks in the order of the script', () => {
    expect(checkResults(merged())).toEqual([
      { name: 'root ok', group: '', passes: 2, fails: 0 },
      { name: 'one', group: '::outer::inner', passes: 2, fails: 0 },
      { name: 'two', group: '::outer::inner', passes: 0, fails: 2 },
    ]);
  });

  it('joins requests, failures and durations by request', () => {
    const request = (name: string, status: string, duration: number) => {
      const tags = { name, status, method: 'GET', scenario: 's' };
      return [
        sample('http_reqs', 'counter', 1, tags),
        sample('http_req_failed', 'rate', status === '500' ? 1 : 0, tags),
        sample('http_req_duration', 'trend', duration, tags),
      ];
    };
    const metrics = new RunMetrics([]);
    const samples = [request('b', '200', 3), request('a', '500', 1), request('a', '200', 2), request('a', '200', 4)];
    metrics.addWindow(foldWindow(samples.flat()), CONTEXT);
    expect(breakdownRows(metrics)).toMatchObject([
      { name: 'a', status: '200', method: 'GET', scenario: 's', requests: 2, failed: 0, duration: { avg: 3, max: 4 } },
      { name: 'a', status: '500', requests: 1, failed: 1, duration: { med: 1 } },
      { name: 'b', status: '200', requests: 1, failed: 0, duration: { 'p(99.9)': 3 } },
    ]);
  });
});
