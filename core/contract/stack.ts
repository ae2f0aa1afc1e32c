/** What a stack's Lambdas and the CLI know of the stack. */
import { z } from 'zod';

/** A CloudWatch metric of the user's own that is read as a series of the target. */
const CustomMetric = z.strictObject({
  namespace: z.string().min(1),
  metric: z.string().min(1),
  dimensions: z.record(z.string(), z.string()).default({}),
  /** Such as `Average`, `Maximum`, `Sum`, `p95`. */
  statistic: z.string().default('Average'),
});
export type CustomMetric = z.infer<typeof CustomMetric>;

/** Of a cluster or a service. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html */
const EcsName = z.string().regex(/^[A-Za-z0-9_-]{1,255}$/, 'give its name, not its ARN');

/** The service under test. Its series: desired, running, pending, and what of the rest is named. */
export const TargetConfig = z.strictObject({
  services: z.array(z.strictObject({ cluster: EcsName, service: EcsName })).min(1),
  /** Full name as in CloudWatch: `app/<name>/<id>`. Series: responseTime (p95, ms), errors5xx (a minute). */
  loadBalancer: z
    .string()
    .regex(/^(app|net)\/[^/]+\/[0-9a-z]+$/)
    .optional(),
  /** ARN. Series: healthyHosts. */
  targetGroup: z
    .string()
    .regex(/^arn:[^:]+:elasticloadbalancing:.*:targetgroup\//)
    .optional(),
  /** Instance identifier. Series: dbConnections. */
  database: z.string().optional(),
  /** Where it lives, if not in the stack's region. */
  region: z.string().optional(),
  /** A role to read it with, if it lives in another account. */
  observerRoleArn: z
    .string()
    .regex(/^arn:[^:]+:iam::\d{12}:role\//)
    .optional(),
  /** More series, by name. */
  metrics: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,39}$/), CustomMetric).default({}),
  /** Names of alarms, in the target's region; a run is stopped when one of them fires. */
  stopAlarms: z.array(z.string().min(1)).default([]),
});
export type TargetConfig = z.infer<typeof TargetConfig>;

/** What a coordinator needs to know of its stack. */
export const FleetInfo = z.object({
  stack: z.string(),
  region: z.string(),
  bucket: z.string(),
  /** Name. */
  cluster: z.string(),
  /** ARN with its revision. */
  taskDefinition: z.string(),
  /** Name of the task definition's container. */
  container: z.string(),
  securityGroups: z.array(z.string()).min(1),
  capacity: z.enum(['FARGATE', 'FARGATE_SPOT']),
  /** ARN of the topic for verdicts. */
  topic: z.string(),
  target: TargetConfig.nullable(),
  /** Name; verdict notices link to it. */
  dashboard: z.string().nullish(),
  /** How long one leg may coordinate, s. */
  legSeconds: z.number().positive(),
});
export type FleetInfo = z.infer<typeof FleetInfo>;

/** What the CLI needs beside it. The stack's output `Info` is the JSON of this. */
export const StackInfo = FleetInfo.extend({
  /** The version of k6-fleet that deployed it. */
  version: z.string(),
  /** ARN. */
  stateMachine: z.string(),
  subnets: z.array(z.string()).min(1),
  architecture: z.enum(['arm64', 'x86_64']),
  /** Of one task, in units of 1/1024 vCPU. */
  cpu: z.number().int(),
  memoryMiB: z.number().int(),
  dashboard: z.string().nullable(),
  /** Names of parameters and secrets that tasks may read begin with this, such as `/k6-fleet/`. */
  secretsPrefix: z.string(),
});
export type StackInfo = z.infer<typeof StackInfo>;

/**
 * Memory of the coordinator's Lambda, MiB: one whole vCPU, https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html.
 * A thousand tasks ship 200 windows a second, which take half of it (docs/benchmarks.md, How far one leg reaches).
 */
export const COORDINATOR_MEMORY_MIB = 1769;

/** The stack output that holds the JSON of StackInfo. */
export const STACK_INFO_OUTPUT = 'Info';

/** active.json of a stack: the runs that have claimed its target. Runs that have ended since no longer count. `at` is ISO 8601. */
export const ActiveRuns = z.array(z.object({ run: z.string(), at: z.string() }));
export type ActiveRuns = z.infer<typeof ActiveRuns>;

/** Input of the state machine and of each leg. The execution has the run's id as its name. */
export const LegInput = z.object({ run: z.string() });
export type LegInput = z.infer<typeof LegInput>;

/** What a leg returns: whether the run has come to its end. */
export interface LegOutput {
  run: string;
  done: boolean;
  passed: boolean | null;
  exitCode: number | null;
}
