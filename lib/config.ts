import type { Node } from 'constructs';
import { z } from 'zod';
import { TargetConfig } from '../core/contract/stack.ts';
import { FARGATE_SIZES } from './fargate-size.ts';

/** The key in cdk.json's context; `-c k6-fleet:<option>=<value>` overrides one option, in JSON where it is no text. */
export const CONFIG_KEY = 'k6-fleet';

/** Days that CloudWatch Logs can keep: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const LOG_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827] as const;

/**
 * A Lambda's environment takes 4 KB: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html. The target
 * goes there with the rest of FleetInfo, some 700 bytes.
 */
const TARGET_BYTES = 3000;

const id = (prefix: string) => z.string().regex(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`));

const Vpc = z.strictObject({
  vpcId: id('vpc'),
  // What an awsvpcConfiguration takes: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html
  subnetIds: z.array(id('subnet')).min(1).max(16),
  securityGroupIds: z.array(id('sg')).min(1).max(5).optional(),
});
export type VpcConfig = z.infer<typeof Vpc>;

/** All that can be configured. Each description says what the option does, what it may be, and its default. */
const OPTIONS = {
  stackName: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/)
    .default('K6Fleet')
    .describe('the name of the stack: a letter, then letters, digits and hyphens, 64 in all; default K6Fleet'),
  vpc: Vpc.optional().describe(
    'an existing network: {"vpcId": "vpc-…", "subnetIds": ["subnet-…", 1 to 16 of them], "securityGroupIds": ["sg-…", 1 to 5; default a new group without inbound rules]}; default a VPC of its own with two public subnets',
  ),
  architecture: z
    .enum(['arm64', 'x86_64'])
    .default('arm64')
    .describe('the processor of the tasks: arm64 (a fifth cheaper) or x86_64; default arm64'),
  cpu: z
    .literal([...FARGATE_SIZES.keys()])
    .default(1024)
    .describe('the CPU of one task, 1/1024 vCPU: 256, 512, 1024, 2048, 4096, 8192 or 16384; default 1024'),
  memory: z
    .number()
    .int()
    .default(2048)
    .describe('the memory of one task, MiB: what Fargate offers for its cpu; default 2048'),
  spot: z
    .boolean()
    .default(false)
    .describe(
      'true: tasks on Fargate Spot, some 60 % cheaper (it varies), which AWS may take away with two minutes of notice; default false',
    ),
  image: z
    .string()
    .min(1)
    .optional()
    .describe('the URI of an image of the tasks, for their architecture; default: cdk builds the Dockerfile'),
  demoImage: z
    .string()
    .min(1)
    .optional()
    .describe('the URI of an image of the demo target; default: cdk builds the target demo of the Dockerfile'),
  resultDays: z
    .number()
    .int()
    .min(1)
    .max(3650)
    .default(90)
    .describe('how long results are kept, days: 1 to 3650; default 90. Windows of metrics are kept for one day'),
  logDays: z
    .literal(LOG_DAYS)
    .default(14)
    .describe(`how long logs are kept, days: ${LOG_DAYS.join(', ')}; default 14`),
  legSeconds: z
    .number()
    .int()
    .min(5)
    .max(840)
    .default(780)
    .describe('how long one invocation of the coordinator conducts, s: 5 to 840, as a Lambda ends at 900; default 780'),
  dashboard: z
    .boolean()
    .default(true)
    .describe(
      'whether there is a dashboard, $3 a month where it is past the three free ones of the account; default true',
    ),
  target: TargetConfig.refine((target) => JSON.stringify(target).length <= TARGET_BYTES, {
    message: `is too long: a Lambda's environment takes ${TARGET_BYTES} bytes of it`,
  })
    .optional()
    .describe(
      'the service under test: {"services": [{"cluster": "…", "service": "…"}], "loadBalancer"?: "app/<name>/<id>", "targetGroup"?: ARN, "database"?: RDS instance, "region"?, "observerRoleArn"?, "metrics"?: {"<name>": {"namespace", "metric", "dimensions"?, "statistic"?}}, "stopAlarms"?: [names]}; default: the demo target where there is one, otherwise none',
    ),
  verdictEmail: z.email().optional().describe('an address that gets verdicts and alarms; default none'),
  secretsPrefix: z
    .string()
    .regex(/^\/([A-Za-z0-9_.-]+\/)+$/)
    .optional()
    .describe(
      'tasks may read the SSM parameters and secrets whose names begin so: from / to /; default /k6-fleet/<stackName>/',
    ),
  demoTarget: z
    .boolean()
    .default(false)
    .describe('true: a stack <stackName>DemoTarget with a service to try it all on, some $1.50 a day; default false'),
  emulated: z
    .boolean()
    .default(false)
    .describe(
      'for tests only: true leaves out what the AWS emulator has not, the scaling policy of the demo target; default false',
    ),
};

/** What each option is for, what it may be, and its default, by name: the reference. */
export const OPTION_TEXTS: Record<string, string> = Object.fromEntries(
  Object.entries(OPTIONS).map(([name, schema]) => [name, schema.description ?? '']),
);

const Config = z.strictObject(OPTIONS).superRefine(({ cpu, memory }, context) => {
  const allowed = FARGATE_SIZES.get(cpu) ?? [];
  if (allowed.includes(memory)) return;
  context.addIssue({
    code: 'custom',
    path: ['memory'],
    message: `with cpu ${cpu} it must be one of ${allowed.join(', ')}`,
  });
});
export type Config = z.infer<typeof Config>;

/** A mistake of the operator's, in one line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * The configuration of the app whose context this is.
 * @throws ConfigError that says which option is wrong, its value, what is allowed and where to mend it.
 */
export function readConfig(node: Node): Config {
  const context = node.getAllContext() as Record<string, unknown>;
  const given = { ...parseObject(context[CONFIG_KEY]), ...overrides(context) };
  const parsed = Config.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new ConfigError(explain(parsed.error.issues[0], given));
}

function parseObject(value: unknown): Record<string, unknown> {
  const object = json(value ?? {});
  if (typeof object === 'object' && object !== null && !Array.isArray(object)) return object as Record<string, unknown>;
  throw new ConfigError(
    `${CONFIG_KEY} is ${JSON.stringify(value)}: it must be an object of options; mend it in cdk.json`,
  );
}

function overrides(context: Record<string, unknown>): Record<string, unknown> {
  const prefix = `${CONFIG_KEY}:`;
  const flags = Object.entries(context).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(flags.map(([key, value]) => [key.slice(prefix.length), json(value)]));
}

/** A flag's value is JSON where it can be, otherwise text: no option takes a text that JSON would take for its own. */
function json(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function explain(issue: z.core.$ZodIssue | undefined, given: Record<string, unknown>): string {
  const [name, ...rest] = issue?.path ?? [];
  if (issue === undefined || name === undefined) {
    const unknown = issue?.code === 'unrecognized_keys' ? issue.keys : [];
    return `${CONFIG_KEY}:${unknown[0]} is no option: there are ${Object.keys(OPTIONS).join(', ')}; mend it in cdk.json's context or in the -c flags`;
  }
  const option = `${CONFIG_KEY}:${String(name)}`;
  const value = [name, ...rest].reduce<unknown>(
    (object, key) => (object as Record<PropertyKey, unknown> | undefined)?.[key],
    given,
  );
  const path = [option, ...rest.map(String)].join('.');
  const help = OPTION_TEXTS[String(name)];
  return `${path} is ${JSON.stringify(value) ?? 'missing'}: ${issue.message}. It is ${help}. Mend it in cdk.json's context, or give -c ${option}=VALUE`;
}
