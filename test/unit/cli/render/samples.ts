/** Sample values for the tests of the renderers. */

import type { LiveView } from '../../../../cli/render/live-view.ts';
import type { Plan } from '../../../../core/contract/plan.ts';
import type { Result } from '../../../../core/contract/result.ts';

export const startedAt = Date.parse('2026-11-23T04:30:00Z');

export const sampleView: LiveView = {
  phase: 'running',
  elapsedMs: 192_000,
  durationMs: 600_000,
  isDurationMaximum: false,
  progress: 0.32,
  scenarios: [{ name: 'spike', executor: 'ramping-vus', done: 192_000, total: 600_000, unit: 'ms' }],
  moreScenarios: 0,
  tasks: { planned: 20, ready: 20, running: 18, done: 1, lost: 1 },
  vus: 1234,
  vusMax: 2000,
  requestsPerSecond: 4321.4,
  requests: 812_345,
  errorRate: 0.0012,
  p50: 23.4,
  p95: 120.2,
  p99: 1450,
  iterations: 123_456,
  checksFailed: 3,
  errors: { exceptions: 0, requests: 0, errors: 0, warnings: 0, top: [] },
  thresholds: [
    { name: 'http_req_duration{status:200} p(95)<500', state: 'failing' },
    { name: 'http_req_failed rate<0.01', state: 'passing' },
    { name: 'checks rate>0.99', state: 'failing' },
    { name: 'iterations count>200000', state: 'undecided' },
  ],
  target: { running: 3, desired: 6, pending: 3 },
  loadHistory: [10, 20, 100, 200, 400, 800, 1200, 2000, 3000, 4000, 4200, 4321],
  targetHistory: [2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3],
  warning: 'task 7: 512 series of http_req_duration went to one overflow series',
};

const task = (vus: number): Plan['tasks'][number] => ({
  segment: '0:1/4',
  vus,
  maxVUs: vus,
  iterations: null,
  rps: null,
});
const threshold = { source: 'p(95)<500', aggregate: 'p', percentile: 95, operator: '<', value: 500 } as const;

export const samplePlan: Plan = {
  version: 1,
  id: '20261123-043000-spike-7f3a',
  name: 'spike',
  script: 'k6-scripts/spike.js',
  createdAt: '2026-11-23T04:29:30Z',
  k6Version: 'v2.2.0',
  sequence: '0,1/4,2/4,3/4,1',
  tasks: [task(250), task(250), task(250), task(249)],
  durationMs: 630_000,
  scenarios: [{ name: 'spike', executor: 'ramping-vus', startMs: 0, durationMs: 630_000, iterations: null }],
  loadMs: 630_000,
  thresholds: [
    {
      key: 'http_req_duration{status:200}',
      metric: 'http_req_duration',
      type: 'trend',
      contains: 'time',
      tags: { status: '200' },
      thresholds: [
        { ...threshold, abortOnFail: true, delayAbortEvalMs: 10_000 },
        { ...threshold, source: 'max<3000', aggregate: 'max', value: 3000, abortOnFail: false, delayAbortEvalMs: null },
      ],
    },
    {
      key: 'http_req_failed',
      metric: 'http_req_failed',
      type: 'rate',
      contains: 'default',
      tags: null,
      thresholds: [
        {
          source: 'rate<0.01',
          aggregate: 'rate',
          operator: '<',
          value: 0.01,
          abortOnFail: true,
          delayAbortEvalMs: null,
        },
      ],
    },
  ],
  exports: { setup: true, teardown: false, handleSummary: true },
  summary: { trendStats: ['avg', 'p(95)'], timeUnit: '', mode: 'compact' },
  setupTimeoutMs: 60_000,
  teardownTimeoutMs: 60_000,
  handleSummaryTimeoutMs: 120_000,
  target: {
    observe: 'demo:http://127.0.0.1:8080',
    scaleOutWithinMs: 360_000,
    minPeakTasks: 6,
    maxErrorRate: 0.01,
    recoverWithin: { p95Ms: 500, withinMs: 480_000 },
  },
  maxLost: 0,
  blacklistIPs: [],
  fargate: null,
  timing: {
    taskPollIntervalMs: 1000,
    targetPollIntervalMs: 1000,
    launchesPerSecond: 1000,
    controlPollIntervalMs: 500,
    tickMs: 1000,
    windowMs: 1000,
    cellSeconds: 1,
    leaseMs: 60_000,
    renewMs: 10_000,
    readyTimeoutMs: 60_000,
    checkpointMs: 10_000,
  },
  envNames: ['BASE_URL'],
  consoleOutput: false,
  k6Warnings: [],
  warnings: ['the script calls Math.random() at init: every task draws its own numbers'],
};

const at = (seconds: number) => startedAt + seconds * 1000;
const point = (i: number): Result['series']['points'][number] => {
  const load = i < 6 ? 100 : 600;
  return {
    t: at(i * 10) / 1000,
    vus: i < 6 ? 100 : 999,
    requests: load * 10,
    failed: i >= 8 && i < 20 ? load / 4 : 0,
    iterations: load,
    dropped: 0,
    checksFailed: 0,
    received: load * 2000,
    sent: load * 200,
    avg: 40,
    med: 30,
    p95: i >= 7 && i < 24 ? 1800 - i * 30 : 90,
    p99: 2000,
    max: 3000,
  };
};
const reading = (seconds: number, desired: number, running: number) => ({
  at: at(seconds),
  desired,
  running,
  pending: desired - running,
});
const taskResult = (task: number): Result['tasks'][number] => ({
  task,
  attempts: 1,
  state: 'done',
  exitCode: 0,
  startSkewMs: task + 1,
  requests: 40_000,
  iterations: 40_000,
  peakBusy: 0.4,
  peakOwnBusy: 0.3,
  lost: null,
  message: null,
});

export const sampleResult: Result = {
  version: 1,
  run: {
    id: samplePlan.id,
    name: 'spike',
    script: samplePlan.script,
    k6Version: 'v2.2.0',
    createdAt: samplePlan.createdAt,
    startedAt: new Date(startedAt).toISOString(),
    endedAt: new Date(at(300)).toISOString(),
    testRunDurationMs: 301_500,
    setupMs: 1200,
    teardownMs: 300,
    tasks: 4,
    legs: 1,
  },
  verdict: {
    passed: false,
    exitCode: 121,
    reasons: [
      '1 task was lost, --max-lost allows 0',
      'threshold http_req_failed rate<0.01 failed',
      "the target's scaling missed maxErrorRate",
    ],
  },
  notes: ['1204 of 1300 iterations threw an exception'],
  stop: { kind: 'internal', message: '1 task was lost, --max-lost allows 0', exitCode: 121 },
  warnings: samplePlan.warnings,
  generator: { saturated: true, reasons: ['task 2 used 97% of its CPU for 40s'] },
  metrics: {},
  checks: [],
  sections: null,
  breakdown: [],
  errors: [
    {
      message: 'ReferenceError: http is not defined',
      level: 'error',
      source: 'exception',
      scenario: 'default',
      place: 'file:///home/me/k6-scripts/spike.js:17:5',
      count: 1204,
      firstAt: at(3),
      lastAt: at(290),
      taskCount: 4,
      tasks: [0, 1, 2, 3],
      example: 'ReferenceError: http is not defined',
      stack: '\tat default (file:///home/me/k6-scripts/spike.js:17:5(23))',
    },
    {
      message: 'Request Failed: Get "<url>": dial tcp <n>: connect: connection refused',
      level: 'warning',
      source: 'request',
      count: 33,
      firstAt: at(83),
      lastAt: at(120),
      taskCount: 1,
      tasks: [2],
      example:
        'Request Failed: Get "http://127.0.0.1:8080/a?id=17": dial tcp 127.0.0.1:8080: connect: connection refused',
      stack: null,
    },
  ],
  failedRequests: [
    { status: '503', errorCode: '1503', count: 1204 },
    { status: '0', errorCode: '1212', count: 33 },
  ],
  series: { intervalSeconds: 10, points: Array.from({ length: 30 }, (_, i) => point(i)) },
  tasks: [
    taskResult(0),
    taskResult(1),
    {
      ...taskResult(2),
      state: 'lost',
      exitCode: null,
      lost: {
        at: new Date(at(151)).toISOString(),
        atMs: 151_000,
        missingShare: 0.124,
        missingOf: 'time',
        reason: 'no status for 60s, the process is gone',
      },
    },
    taskResult(3),
  ],
  alarms: [],
  target: {
    series: {},
    timeline: [
      reading(0, 2, 2),
      reading(60, 2, 2),
      reading(95, 6, 2),
      reading(150, 6, 4),
      reading(190, 6, 6),
      reading(299, 6, 6),
    ],
    events: [
      { at: at(95), message: 'policy cpu-70 set the desired count to 6 (was 2)' },
      { at: at(96), message: '4 tasks started' },
      { at: at(190), message: 'service reached a steady state' },
    ],
    moments: {
      loadRose: at(60),
      desiredRose: at(95),
      runningRose: at(150),
      latencyRecovered: at(240),
      latencyLost: null,
    },
    timings: { toDesiredMs: 35_000, toRunningMs: 90_000, toRecoveredMs: 180_000 },
    peakTasks: 6,
    expectations: [
      {
        name: 'scaleOutWithin',
        ok: true,
        message: 'running tasks rose from 2 to 4, 1m30s after the load increased (limit 6m)',
      },
      { name: 'minPeakTasks', ok: true, message: 'running tasks peaked at 6 (minimum 6)' },
      { name: 'maxErrorRate', ok: false, message: '11.8% of requests failed (limit 1%)' },
    ],
  },
};
