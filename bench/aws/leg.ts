/** One leg of the coordinator under the windows of many tasks, in real time. */
import { fileURLToPath } from 'node:url';
import { FLEET_INFO_ENV } from '../../core/contract/env.ts';
import type { Plan, Threshold, Timing } from '../../core/contract/plan.ts';
import { awsTiming } from '../../core/plan/build.ts';
import { fargateSubnets, stackInfo } from '../../test/support/aws-samples.ts';
import { planOf } from '../../test/support/sim/plan.ts';
import { firstLine, startGroup } from '../processes.ts';
import { COARSE_SECONDS } from '../recording.ts';
import { BUCKET, type Certificate, pinned, startEndpoint } from './endpoint.ts';
import type { LegFigures } from './leg-meter.ts';
import type { FleetShape } from './tasks.ts';

export interface Scenario {
  tasks: number;
  /** What is unlike `awsTiming`. */
  timing: Partial<Pick<Timing, 'windowMs' | 'taskPollIntervalMs' | 'cellSeconds'>>;
  /** From the start of the load, before anything is measured, s. */
  warmUpSeconds: number;
  /** How long it is measured, s. */
  seconds: number;
}

export interface LegPlace {
  /** Files with the lines of a k6, JSON arrays; `coarse`: of `COARSE_SECONDS` each. */
  recording: { fine: string; coarse: string };
  /** Null: without TLS. */
  tls: Certificate | null;
}

/** So that the launch takes seconds; it is not what is measured here. */
const LAUNCHES_PER_SECOND = 500;

const threshold = (part: Omit<Threshold, 'abortOnFail' | 'delayAbortEvalMs'>): Threshold => ({
  abortOnFail: true,
  delayAbortEvalMs: null,
  ...part,
});

/** As bench/scripts/pool.js has them, but that they are judged every two seconds. */
const THRESHOLDS: Plan['thresholds'] = [
  {
    key: 'http_req_duration',
    metric: 'http_req_duration',
    type: 'trend',
    contains: 'time',
    tags: null,
    thresholds: [threshold({ source: 'p(95)<500', aggregate: 'p', percentile: 95, operator: '<', value: 500 })],
  },
  {
    key: 'http_req_failed',
    metric: 'http_req_failed',
    type: 'rate',
    contains: 'default',
    tags: null,
    thresholds: [threshold({ source: 'rate<0.1', aggregate: 'rate', operator: '<', value: 0.1 })],
  },
];

/** The times of a scenario, whole. */
export const timingOf = ({ tasks, timing }: Pick<Scenario, 'tasks' | 'timing'>): Timing => ({
  ...awsTiming(tasks),
  ...timing,
});

/** What the coordinator is given, and how its tasks behave. */
export function planOfLeg(scenario: Scenario): { plan: Plan; shape: FleetShape } {
  const { tasks } = scenario;
  const timing = { ...timingOf(scenario), launchesPerSecond: LAUNCHES_PER_SECOND };
  const plan = planOf({ tasks, durationMs: 3_600_000, thresholds: THRESHOLDS, timing });
  plan.fargate = { subnets: fargateSubnets };
  const { windowMs, cellSeconds } = timing;
  return { plan, shape: { run: plan.id, tasks, windowMs, lineMs: cellSeconds * 1000, cellSeconds } };
}

/**
 * Binds the leg and the simulated AWS to a processor each if the system can.
 * @throws Error if the leg fails
 */
export async function measureLeg(scenario: Scenario, { recording, tls }: LegPlace): Promise<LegFigures> {
  const { shape } = planOfLeg(scenario);
  const lines = shape.cellSeconds === COARSE_SECONDS ? recording.coarse : recording.fine;
  const endpoint = await startEndpoint({ tls, fleet: { shape, recording: lines } }, 1);
  try {
    return await runProgram(scenario, endpoint.env);
  } finally {
    await endpoint.stop();
  }
}

async function runProgram(scenario: Scenario, awsEnv: Record<string, string>): Promise<LegFigures> {
  const program = fileURLToPath(new URL('./leg-program.ts', import.meta.url));
  const argv = [process.execPath, '--import', 'tsx', program, JSON.stringify(scenario)];
  const [command = '', ...args] = await pinned(0, argv);
  const info = stackInfo({ bucket: BUCKET });
  const env = { ...process.env, ...awsEnv, [FLEET_INFO_ENV]: JSON.stringify(info) };
  const child = startGroup(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(await firstLine(child, 'the leg')) as LegFigures;
}
