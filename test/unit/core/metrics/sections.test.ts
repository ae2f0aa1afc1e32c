import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SectionResult } from '../../../../core/contract/result.ts';
import { breakdownRows } from '../../../../core/metrics/metric-results.ts';
import { RunMetrics } from '../../../../core/metrics/run-metrics.ts';
import { sectionResults } from '../../../../core/metrics/section-results.ts';
import { foldWindow, type RawSample } from '../../../support/fold.ts';

const CONTEXT = { startAtMs: 0, clockOffsetMs: 0 };
const PLAN = { summary: { trendStats: ['count', 'max'], timeUnit: '', mode: 'full' as const } };

const sample: fc.Arbitrary<RawSample & { task: number }> = fc
  .record({
    metric: fc.constantFrom('http_reqs', 'checks', 'my_trend', 'my_gauge'),
    scenario: fc.constantFrom('default', 'api', 'shop', undefined),
    group: fc.constantFrom('', '::a', '::a::b', '::c', '::setup', undefined),
    name: fc.constantFrom('x', 'y', 'z'),
    value: fc.nat(3),
    second: fc.nat(3),
    task: fc.nat(2),
  })
  .map(({ metric, scenario, group, name, value, second, task }) => {
    const types = { http_reqs: 'counter', checks: 'rate', my_trend: 'trend', my_gauge: 'gauge' } as const;
    const tags = {
      ...{ name, check: name },
      ...(scenario === undefined ? {} : { scenario }),
      ...(group === undefined ? {} : { group }),
    };
    const type = types[metric as keyof typeof types];
    return { metric, type, tags, value, atMs: 1000 * (10 + second), task };
  });

function metricsOf(samples: (RawSample & { task: number })[], maxSections = 100): RunMetrics {
  let metrics = new RunMetrics([], { maxSections });
  for (const task of [2, 0, 1]) {
    const own = samples.filter((one) => one.task === task);
    [own.slice(0, 5), own.slice(5)].forEach((part, seq) => {
      metrics.addWindow(foldWindow(part, { task, seq, groups: true }), CONTEXT);
    });
    metrics = RunMetrics.fromJson(JSON.parse(JSON.stringify(metrics.toJson())), []);
  }
  return metrics;
}

const resultsOf = (metrics: RunMetrics) => {
  const results = sectionResults(metrics, PLAN, 1000);
  if (results === null) throw new Error('the full mode has sections');
  return results;
};

const count = (section: SectionResult | undefined, metric: string) => section?.metrics[metric]?.values.count ?? 0;

describe('sections', () => {
  it('hold the pooled samples of their scenario or group, from any tasks and windows, across checkpoints', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 60 }), (samples) => {
        const { scenarios, groups } = resultsOf(metricsOf(samples));
        const requests = (wanted: Record<string, string | undefined>) =>
          samples
            .filter(({ metric }) => metric === 'http_reqs')
            .filter(({ tags = {} }) => Object.entries(wanted).every(([tag, value]) => tags[tag] === value))
            .reduce((sum, { value }) => sum + value, 0);
        for (const scenario of ['api', 'shop']) {
          const section = scenarios.find(({ name }) => name === scenario);
          const a = section?.groups.find(({ name }) => name === 'a');
          const b = a?.groups.find(({ name }) => name === 'b');
          expect(count(section, 'http_reqs')).toBe(requests({ scenario }));
          expect(count(a, 'http_reqs')).toBe(requests({ scenario, group: '::a' }));
          expect(count(b, 'http_reqs')).toBe(requests({ scenario, group: '::a::b' }));
          const trend = samples.filter(({ metric, tags }) => metric === 'my_trend' && tags?.scenario === scenario);
          expect(section?.metrics.my_trend?.values ?? { count: 0, max: 0 }).toEqual({
            count: trend.length,
            max: Math.max(0, ...trend.map(({ value }) => value)),
          });
          const checks = samples.filter(({ metric, tags }) => metric === 'checks' && tags?.scenario === scenario);
          const listed = (section?.checks ?? []).reduce((sum, { passes, fails }) => sum + passes + fails, 0);
          expect(listed).toBe(checks.length);
        }
        // k6 counts the scenario default as none.
        const outside = groups.find(({ name }) => name === 'c');
        const inNone =
          requests({ scenario: 'default', group: '::c' }) + requests({ scenario: undefined, group: '::c' });
        expect(count(outside, 'http_reqs')).toBe(inNone);
        expect([...scenarios, ...groups].map(({ name }) => name)).not.toContain('default');
        expect(groups.map(({ name }) => name)).not.toContain('setup');
      }),
    );
  });

  it('past the limit leave scenarios complete, and say that they are cut', () => {
    const request = (group: string, scenario = 'shop') => ({
      ...{ metric: 'http_reqs', type: 'counter' as const, value: 1, atMs: 1000, task: 0 },
      tags: { scenario, group, name: 'x' },
    });
    const many = Array.from({ length: 5 }, (_, i) => request(`::${i}`));
    const metrics = metricsOf([...many, request('::0', 'api')], 3);
    const [api, shop] = resultsOf(metrics).scenarios;
    expect(count(api, 'http_reqs')).toBe(1);
    expect(count(shop, 'http_reqs')).toBe(5);
    expect(shop?.groups.map(({ name }) => name)).toEqual(['0', '1']);
    expect(metrics.sections.truncated).toBe(true);
    expect(metricsOf([request('::0')], 3).sections.truncated).toBe(false);
  });

  it('are not kept for the compact summary', () => {
    const metrics = new RunMetrics([]);
    const tags = { scenario: 'api', group: '::a', name: 'x', method: 'GET', status: '200' };
    const requests: RawSample[] = [{ metric: 'http_reqs', type: 'counter', value: 2, atMs: 1000, tags }];
    metrics.addWindow(foldWindow(requests, { groups: true }), CONTEXT);
    expect(metrics.sections.list()).toEqual([]);
    expect(metrics.sections.truncated).toBe(false);
    expect(sectionResults(metrics, { summary: { ...PLAN.summary, mode: 'compact' } }, 1000)).toBeNull();
    // The table of requests has no row for each group.
    expect(breakdownRows(metrics)).toMatchObject([{ name: 'x', method: 'GET', status: '200', scenario: 'api' }]);
  });
});
