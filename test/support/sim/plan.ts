import type { Plan } from '../../../core/contract/plan.ts';

export interface PlanShape {
  tasks?: number;
  durationMs?: number;
  /** Default: one of the test's whole duration. */
  scenarios?: Plan['scenarios'];
  exports?: Partial<Plan['exports']>;
  maxLost?: number;
  thresholds?: Plan['thresholds'];
  target?: Plan['target'];
  timing?: Partial<Plan['timing']>;
  handleSummaryTimeoutMs?: number;
}

export function planOf(shape: PlanShape = {}): Plan {
  const tasks = shape.tasks ?? 3;
  return {
    version: 1,
    id: '20260101-000000-simulated-0000',
    name: 'simulated',
    script: 'simulated.js',
    createdAt: '2026-01-01T00:00:00.000Z',
    k6Version: 'v2.2.0',
    sequence: ['0', ...Array.from({ length: tasks - 1 }, (_, index) => `${index + 1}/${tasks}`), '1'].join(','),
    tasks: Array.from({ length: tasks }, (_, index) => ({
      segment: `${index}/${tasks}:${index + 1}/${tasks}`,
      vus: 1,
      maxVUs: 1,
      iterations: null,
      rps: null,
    })),
    scenarios: shape.scenarios ?? [
      {
        name: 'default',
        executor: 'constant-vus',
        startMs: 0,
        durationMs: shape.durationMs ?? 3000,
        iterations: null,
      },
    ],
    durationMs: shape.durationMs ?? 3000,
    loadMs: shape.durationMs ?? 3000,
    thresholds: shape.thresholds ?? [],
    exports: { setup: false, teardown: false, handleSummary: false, ...shape.exports },
    summary: { trendStats: ['avg', 'p(95)'], timeUnit: '', mode: 'compact' },
    setupTimeoutMs: 5000,
    teardownTimeoutMs: 5000,
    handleSummaryTimeoutMs: shape.handleSummaryTimeoutMs ?? 5000,
    target: shape.target ?? null,
    maxLost: shape.maxLost ?? 0,
    blacklistIPs: [],
    fargate: null,
    timing: {
      taskPollIntervalMs: 200,
      targetPollIntervalMs: 1000,
      launchesPerSecond: 1000,
      controlPollIntervalMs: 100,
      tickMs: 200,
      windowMs: 1000,
      cellSeconds: 1,
      leaseMs: 20_000,
      renewMs: 4000,
      readyTimeoutMs: 30_000,
      checkpointMs: 1500,
      ...shape.timing,
    },
    envNames: [],
    consoleOutput: false,
    k6Warnings: [],
    warnings: [],
  };
}
