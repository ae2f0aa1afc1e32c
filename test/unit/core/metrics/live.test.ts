import { describe, expect, it } from 'vitest';
import { liveStats } from '../../../../core/metrics/live.ts';
import { RunMetrics } from '../../../../core/metrics/run-metrics.ts';
import { foldWindow, type RawSample } from '../../../support/fold.ts';

const START = 1_000;
const CONTEXT = { startAtMs: START * 1000, clockOffsetMs: 0 };

/** One second of a task: `requests` requests of `ms` each, the first `failed` of them failed. */
function second(second: number, requests: number, ms: number, failed: number, vus: number): RawSample[] {
  const atMs = (START + second) * 1000 + 500;
  const request = (i: number): RawSample[] => [
    { metric: 'http_reqs', type: 'counter', value: 1, atMs },
    { metric: 'http_req_failed', type: 'rate', value: i < failed ? 1 : 0, atMs },
    { metric: 'http_req_duration', type: 'trend', value: ms, atMs },
    { metric: 'checks', type: 'rate', value: i < failed ? 0 : 1, tags: { check: 'c', group: '' }, atMs },
  ];
  const gauge: RawSample = { metric: 'vus', type: 'gauge', value: vus, atMs };
  return [...Array.from({ length: requests }, (_, i) => request(i)).flat(), gauge];
}

describe('liveStats', () => {
  it('is empty before the first window', () => {
    expect(liveStats(new RunMetrics([]), null, () => true)).toMatchObject({
      second: null,
      vus: 0,
      requestsPerSecond: 0,
      errorRate: 0,
      p50: null,
      requests: 0,
    });
  });

  it('shows the last seconds up to the frontier', () => {
    const metrics = new RunMetrics([]);
    const slow = [0, 1, 2, 3].flatMap((s) => second(s, 10, 1000, 0, 1));
    const fast = [4, 5, 6, 7, 8, 9].flatMap((s) => second(s, 4, 10, 1, 5));
    metrics.addWindow(foldWindow([...slow, ...fast]), CONTEXT);
    metrics.addWindow(foldWindow([...slow, ...fast.slice(0, -17)], { task: 1 }), CONTEXT);
    const live = liveStats(metrics, START + 8, () => true);
    expect(live).toMatchObject({ second: START + 8, vus: 10, requestsPerSecond: 8, errorRate: 0.25, p50: 10, p99: 10 });
    expect(live).toMatchObject({ requests: 124, checksFailed: 11 });
  });

  it('shows the survivors of a lost task', () => {
    const metrics = new RunMetrics([]);
    metrics.addWindow(foldWindow(second(0, 1, 1, 0, 1)), CONTEXT);
    for (let s = 0; s < 20; s++) metrics.addWindow(foldWindow(second(s, 2, 1, 0, 1), { task: 1, seq: s }), CONTEXT);
    const live = (isRunning: (task: number) => boolean) => liveStats(metrics, START + 19, isRunning);
    expect(live((task) => task === 1)).toMatchObject({ second: START + 19, requestsPerSecond: 2, vus: 1 });
    expect(
      live(() => true),
      'it is silent',
    ).toMatchObject({ vus: 2 });
  });

  it('shows no load after its end', () => {
    const metrics = new RunMetrics([]);
    metrics.addWindow(foldWindow(second(0, 1, 1, 0, 1)), CONTEXT);
    expect(liveStats(metrics, null, () => false)).toMatchObject({
      vus: 0,
      requestsPerSecond: 0,
      p95: null,
      requests: 1,
    });
  });
});
