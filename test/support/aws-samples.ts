import type { Plan } from '../../core/contract/plan.ts';
import type { StackInfo } from '../../core/contract/stack.ts';
import { awsTiming } from '../../core/plan/build.ts';

/** A plan for AWS; all tasks are alike. */
export function awsPlan({ tasks = 4, maxVUs = 100, durationMs = 600_000, ...more }: AwsPlanShape = {}): Plan {
  return {
    version: 1,
    id: '20261123-043000-spike-7f3a',
    name: 'spike',
    script: 'spike.js',
    createdAt: '2026-11-23T04:30:00.000Z',
    k6Version: 'v2.2.0',
    sequence: '0,1',
    tasks: Array.from({ length: tasks }, () => ({ segment: '0:1', vus: maxVUs, maxVUs, iterations: null, rps: null })),
    durationMs,
    scenarios: [{ name: 'default', executor: 'constant-vus', startMs: 0, durationMs, iterations: null }],
    loadMs: durationMs,
    thresholds: [],
    exports: { setup: false, teardown: false, handleSummary: false },
    summary: { trendStats: [], timeUnit: '', mode: 'compact' },
    setupTimeoutMs: 60_000,
    teardownTimeoutMs: 60_000,
    handleSummaryTimeoutMs: 120_000,
    target: null,
    maxLost: 0,
    timing: awsTiming(tasks),
    envNames: [],
    consoleOutput: false,
    k6Warnings: [],
    blacklistIPs: [],
    fargate: null,
    warnings: [],
    ...more,
  };
}

export interface AwsPlanShape extends Partial<Pick<Plan, 'target' | 'fargate' | 'loadMs'>> {
  tasks?: number;
  maxVUs?: number;
  durationMs?: number;
}

/** Of `stackInfo`. */
export const fargateSubnets = ['a', 'b'].map((zone) => ({ id: `subnet-${zone}`, zone, publicIp: true }));

export const stackInfo = (more: Partial<StackInfo> = {}): StackInfo => ({
  stack: 'Fleet',
  region: 'us-east-1',
  bucket: 'results',
  cluster: 'fleet',
  taskDefinition: 'arn:aws:ecs:us-east-1:123456789012:task-definition/fleet-worker:7',
  container: 'worker',
  securityGroups: ['sg-1'],
  capacity: 'FARGATE',
  topic: 'arn:aws:sns:us-east-1:123456789012:verdicts',
  target: null,
  legSeconds: 600,
  version: '0.1.0',
  stateMachine: 'arn:aws:states:us-east-1:123456789012:stateMachine:fleet',
  subnets: fargateSubnets.map(({ id }) => id),
  architecture: 'arm64',
  cpu: 1024,
  memoryMiB: 2048,
  dashboard: null,
  secretsPrefix: '/k6-fleet/',
  ...more,
});
