import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Plan, type Threshold } from '../../../../core/contract/plan.ts';
import { buildPlan, LOCAL_TIMING, type PlanInput, shares, withPlacement } from '../../../../core/plan/build.ts';
import { tasksForRps } from '../../../../core/plan/task-count.ts';

/** Requirements as k6 would split them: VUs over tasks. */
function inputOf(tasks: number, maxVUs: number, change: Partial<PlanInput> = {}): PlanInput {
  return {
    id: '20260101-000000-script-0000',
    name: 'script',
    script: 'script.js',
    createdAt: '2026-01-01T00:00:00.000Z',
    k6Version: 'v2.2.0',
    options: {},
    requirements: {
      thresholds: [],
      targetThresholds: {},
      sequence: '0,1',
      tasks: shares(maxVUs, tasks).map((vus) => ({ segment: '0:1', vus, maxVUs: vus, iterations: null })),
      durationMs: 1000,
      scenarios: [],
      loadMs: 1000,
      peakMs: 1000,
      vus: maxVUs,
      maxVUs,
      iterations: null,
      arrivalRate: [],
    },
    summaryMode: 'compact',
    exports: [],
    fleet: {},
    maxLost: 0,
    timing: LOCAL_TIMING,
    envNames: [],
    consoleOutput: false,
    k6Warnings: [],
    warnings: [],
    ...change,
  };
}

/** Scenarios of one VU, the last of two, whose VUs k6 has split over tasks in this way. */
function pileUp(vus: number[], executors: string[]): PlanInput {
  const total = vus.reduce((sum, count) => sum + count, 0);
  const input = inputOf(vus.length, total);
  input.requirements.tasks.forEach((task, i) => {
    Object.assign(task, { vus: vus[i], maxVUs: vus[i] });
  });
  const most = (i: number) => (i === executors.length - 1 ? 2 : 1);
  const scenarios = executors.map((executor, i) => {
    const ramp = { startVUs: null, stages: [{ target: 0 }, { target: most(i) }] };
    const shape = executor === 'ramping-vus' ? ramp : executor.endsWith('rate') ? { preAllocatedVUs: most(i) } : {};
    return [`s${i}`, { executor, vus: most(i), ...shape }];
  });
  return { ...input, options: { scenarios: Object.fromEntries(scenarios) } };
}

const arrival = (maxVUs: number) => ({ arrivalRate: [{ scenario: 'steady', maxVUs }] });

test.each([
  ['enough VUs for every task', inputOf(4, 4), []],
  ['as many VUs as are recommended', inputOf(2, 4000), []],
  [
    'fewer VUs than tasks',
    inputOf(5, 3),
    [/^5 tasks share 3 VUs: only 3 of 5 tasks would be busy, 2 would have nothing to do; use --tasks 3 or fewer/],
  ],
  [
    'more VUs a task than are recommended',
    inputOf(2, 9000),
    [/4500 VUs in one task are more than the recommended 2000: use --tasks 5 or more/],
  ],
  [
    'maxVUs of an arrival rate that leave tasks idle',
    { ...inputOf(4, 8), requirements: { ...inputOf(4, 8).requirements, ...arrival(3) } },
    [/scenario "steady" has maxVUs 3 for 4 tasks.*1 task would have none of it/],
  ],
  [
    'small scenarios that pile up',
    pileUp([4, 1, 0, 0], ['constant-vus', 'per-vu-iterations', 'shared-iterations', 'constant-vus']),
    [
      /^only 2 of 4 tasks would be busy, 2 would have nothing to do: the scenarios "s0" \(1 VU\), "s1" \(1 VU\), "s2" \(1 VU\) and 1 more have .*; use --tasks 2 or fewer/,
    ],
  ],
  [
    'an arrival rate that piles up, once',
    {
      ...pileUp([2, 0], ['constant-arrival-rate', 'ramping-vus']),
      requirements: { ...pileUp([2, 0], []).requirements, arrivalRate: [{ scenario: 's0', maxVUs: 1 }] },
    },
    [/^only 1 of 2 tasks .*"s0" \(1 VU\), "s1" \(2 VUs\)/],
  ],
  [
    'maxVUs of an arrival rate for every task',
    { ...inputOf(4, 8), requirements: { ...inputOf(4, 8).requirements, ...arrival(4) } },
    [],
  ],
])('warns of %s', (_, input, warnings) => {
  const plan = buildPlan(input);
  expect(plan.warnings).toEqual(warnings.map((warning) => expect.stringMatching(warning)));
  expect(Plan.parse(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
});

test('every task gets a share of rps that is above 0, and all shares add up', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 5000 }), (asked, rps) => {
      const tasks = tasksForRps(asked, rps);
      const plan = buildPlan(inputOf(tasks, 200, { options: { rps } }));
      const split = plan.tasks.map((task) => task.rps ?? 0);
      expect(tasks).toBe(Math.min(asked, rps));
      expect(Math.min(...split)).toBeGreaterThan(0);
      expect(split.reduce((sum, share) => sum + share, 0)).toBe(rps);
    }),
  );
});

test.each([[0], [-5], [null], [undefined]])('rps of %s is no limit, as in k6', (rps) => {
  expect(tasksForRps(7, rps)).toBe(7);
  expect(buildPlan(inputOf(7, 7, { options: { rps } })).tasks.map((task) => task.rps)).toEqual(Array(7).fill(null));
});

test('options that the script leaves out have the defaults of k6', () => {
  const plain = buildPlan(inputOf(1, 1));
  expect(plain).toMatchObject({
    setupTimeoutMs: 60_000,
    teardownTimeoutMs: 60_000,
    handleSummaryTimeoutMs: 120_000,
    summary: { trendStats: ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)'], timeUnit: '' },
    exports: { setup: false, teardown: false, handleSummary: false },
    target: null,
  });
  const options = {
    setupTimeout: '1m30s',
    teardownTimeout: '-1s',
    handleSummaryTimeout: '10m',
    summaryTrendStats: ['p(99)'],
    summaryTimeUnit: 's',
  };
  expect(buildPlan(inputOf(1, 1, { options, exports: ['setup', 'handleSummary', 'default'] }))).toMatchObject({
    setupTimeoutMs: 90_000,
    teardownTimeoutMs: 0,
    handleSummaryTimeoutMs: 600_000,
    summary: { trendStats: ['p(99)'], timeUnit: 's' },
    exports: { setup: true, teardown: false, handleSummary: true },
  });
});

const threshold: Threshold = {
  source: 'max<90',
  aggregate: 'max',
  operator: '<',
  value: 90,
  abortOnFail: false,
  delayAbortEvalMs: null,
};

test('a target has its thresholds as k6 has parsed them', () => {
  const input = inputOf(1, 1, { fleet: { target: { observe: 'stack', thresholds: { cpu: ['max<90'] } } } });
  input.requirements.targetThresholds = { cpu: [threshold] };
  const plan = buildPlan(input);
  expect(plan.target).toEqual({ observe: 'stack', thresholds: { cpu: [threshold] } });
  expect(Plan.parse(plan)).toEqual(plan);
});

test.each([
  ['a peak that target tracking may not see', 'stack', 360_000, 239_999, 1],
  ['a peak that is long enough', 'stack', 360_000, 240_000, 0],
  ['no scale-out is expected', 'stack', null, 1000, 0],
  ['a target of another kind', 'demo:http://127.0.0.1:8080', 360_000, 1000, 0],
])('warns of a load that is too short for a scale-out: %s', (_, observe, scaleOutWithinMs, peakMs, warnings) => {
  const input = inputOf(1, 1, { fleet: { target: { observe, scaleOutWithinMs } } });
  input.requirements.peakMs = peakMs;
  const texts = buildPlan(input).warnings;
  expect(texts).toHaveLength(warnings);
  for (const text of texts) expect(text).toContain('the planned peak lasts 4m, but target tracking');
});

test('a placement adds subnets and warnings to a new plan', () => {
  const plan = buildPlan(inputOf(5, 3, { warnings: ['of the script'] }));
  const subnets = [{ id: 'subnet-a', zone: 'us-east-1a', publicIp: true }];
  const placed = withPlacement(plan, subnets, ['of the stack']);
  expect(placed).toEqual({ ...plan, fargate: { subnets }, warnings: [...plan.warnings, 'of the stack'] });
  expect(plan).toMatchObject({ fargate: null, warnings: [expect.stringContaining('share 3 VUs'), 'of the script'] });
});

test('shares add up to the total and differ by at most one', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 500 }), (total, parts) => {
      const split = shares(total, parts);
      expect(split).toHaveLength(parts);
      expect(split.reduce((sum, share) => sum + share, 0)).toBe(total);
      expect(Math.max(...split) - Math.min(...split)).toBeLessThanOrEqual(1);
      expect(split).toEqual([...split].sort((a, b) => b - a));
    }),
  );
});

test.each([
  [10, 3, [4, 3, 3]],
  [2, 4, [1, 1, 0, 0]],
  [0, 2, [0, 0]],
])('%i over %i', (total, parts, expected) => expect(shares(total, parts)).toEqual(expected));
