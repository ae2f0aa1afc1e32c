import type { Node } from 'constructs';
import { z } from 'zod';
import { TargetConfig } from '../core/contract/stack.ts';

/** The key in cdk.json's context. `-c k6-fleet:<option>=<value>` overrides one option; values other than text are JSON. */
const CONFIG_KEY = 'k6-fleet';

const range = (from: number, to: number, step: number): number[] =>
  Array.from({ length: (to - from) / step + 1 }, (_, i) => from + i * step);

/**
 * The sizes of a Fargate task: CPU in units of 1/1024 vCPU, and the memory in MiB that each may have.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
 * @internal exported for its test
 */
export const FARGATE_SIZES: ReadonlyMap<number, readonly number[]> = new Map([
  [256, [512, 1024, 2048]],
  [512, range(1024, 4096, 1024)],
  [1024, range(2048, 8192, 1024)],
  [2048, range(4096, 16_384, 1024)],
  [4096, range(8192, 30_720, 1024)],
  [8192, range(16_384, 61_440, 4096)],
  [16_384, range(32_768, 122_880, 8192)],
]);

/** Days that CloudWatch Logs can keep: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const LOG_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827] as const;

/**
 * A Lambda's environment holds 4 KB: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html. It contains
 * the target and the rest of FleetInfo, some 700 bytes.
 */
const TARGET_BYTES = 3000;

const id = (prefix: string) => z.string().regex(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`));

const Vpc = z.strictObject({
  vpcId: id('vpc'),
  // The limits of an awsvpcConfiguration: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html
  subnetIds: z.array(id('subnet')).min(1).max(16),
  securityGroupIds: z.array(id('sg')).min(1).max(5).optional(),
});
export type VpcConfig = z.infer<typeof Vpc>;

interface OptionText {
  /** What the option configures. */
  about: string;
  allowed: string;
  default: string;
}

/** Attaches an option's text to its schema. */
const option = <T extends z.ZodType>(schema: T, text: OptionText): T => schema.meta({ text });

/** Every option of the stack. */
const OPTIONS = {
  stackName: option(
    z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/)
      .default('K6Fleet'),
    {
      about: 'the name of the stack',
      allowed: 'a letter, then letters, digits and hyphens, at most 64 in all',
      default: 'K6Fleet',
    },
  ),
  vpc: option(Vpc.optional(), {
    about: 'an existing network',
    allowed:
      '{"vpcId": "vpc-…", "subnetIds": ["subnet-…", 1 to 16 of them], "securityGroupIds": ["sg-…", 1 to 5; default a new group without inbound rules]}',
    default: 'a new VPC with two public subnets',
  }),
  architecture: option(z.enum(['arm64', 'x86_64']).default('arm64'), {
    about: 'the processor architecture of the tasks',
    allowed: 'arm64 (20 % cheaper) or x86_64',
    default: 'arm64',
  }),
  cpu: option(z.literal([...FARGATE_SIZES.keys()]).default(1024), {
    about: 'the CPU of one task, in units of 1/1024 vCPU',
    allowed: '256, 512, 1024, 2048, 4096, 8192 or 16384',
    default: '1024',
  }),
  memory: option(z.number().int().default(2048), {
    about: 'the memory of one task, MiB',
    allowed: 'what Fargate offers for its cpu',
    default: '2048',
  }),
  spot: option(z.boolean().default(false), {
    about:
      'whether tasks run on Fargate Spot, some 60 % cheaper (it varies), which AWS may interrupt with two minutes of notice',
    allowed: 'true or false',
    default: 'false',
  }),
  image: option(z.string().min(1).optional(), {
    about: 'the image of the tasks, for their architecture',
    allowed: 'the URI of an image',
    default: 'cdk builds the Dockerfile',
  }),
  demoImage: option(z.string().min(1).optional(), {
    about: 'the image of the demo target',
    allowed: 'the URI of an image',
    default: 'cdk builds the target demo of the Dockerfile',
  }),
  resultDays: option(z.number().int().min(1).max(3650).default(90), {
    about: 'how long results are kept, days (windows of metrics are kept for one day)',
    allowed: '1 to 3650',
    default: '90',
  }),
  logDays: option(z.literal(LOG_DAYS).default(14), {
    about: 'how long logs are kept, days',
    allowed: `one of ${LOG_DAYS.join(', ')}`,
    default: '14',
  }),
  legSeconds: option(z.number().int().min(5).max(840).default(780), {
    about: 'how long one invocation of the coordinator runs, s',
    allowed: '5 to 840 (Lambda ends it at 900)',
    default: '780',
  }),
  dashboard: option(z.boolean().default(true), {
    about: 'whether there is a dashboard, $3 a month beyond the three free ones of an account',
    allowed: 'true or false',
    default: 'true',
  }),
  target: option(
    TargetConfig.refine((target) => JSON.stringify(target).length <= TARGET_BYTES, {
      message: `it is too long: a Lambda's environment has room for ${TARGET_BYTES} bytes of it`,
    }).optional(),
    {
      about: 'the service under test',
      allowed:
        '{"services": [{"cluster": "…", "service": "…"}], "loadBalancer"?: "app/<name>/<id>", "targetGroup"?: ARN, "database"?: RDS instance, "region"?, "observerRoleArn"?, "metrics"?: {"<name>": {"namespace", "metric", "dimensions"?, "statistic"?}}, "stopAlarms"?: [names]}',
      default: 'the demo target if there is one, otherwise none',
    },
  ),
  verdictEmail: option(z.email().optional(), {
    about: 'who gets verdicts and alarms',
    allowed: 'an email address',
    default: 'none',
  }),
  secretsPrefix: option(
    z
      .string()
      .regex(/^\/([A-Za-z0-9_.-]+\/)+$/)
      .optional(),
    {
      about: 'tasks may read the SSM parameters and secrets whose names begin with this',
      allowed: 'a path that begins and ends with /',
      default: '/k6-fleet/<stackName>/',
    },
  ),
  demoTarget: option(z.boolean().default(false), {
    about: 'whether there is a second stack <stackName>DemoTarget, a service to try load tests on, some $1.50 a day',
    allowed: 'true or false',
    default: 'false',
  }),
  emulated: option(z.boolean().default(false), {
    about: 'for tests only: whether to leave out what the AWS emulator lacks, the scaling policy of the demo target',
    allowed: 'true or false',
    default: 'false',
  }),
};

/** What each option configures, what it may be, and its default, by name. @internal exported for its test */
export const OPTION_TEXTS: Record<string, OptionText> = Object.fromEntries(
  Object.entries(OPTIONS).map(([name, schema]) => [name, schema.meta()?.text as OptionText]),
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

/** A mistake in the configuration or the checkout, described in one line for the user. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * The configuration in an app's context.
 * @throws ConfigError that names the option, its value, what is allowed and where to set it
 */
export function readConfig(node: Node): Config {
  const context = node.getAllContext() as Record<string, unknown>;
  const given = { ...parseObject(context[CONFIG_KEY]), ...overrides(context) };
  // Zod's own messages repeat what `allowed` says; only those of our schemas are kept.
  const parsed = Config.safeParse(given, { error: () => '' });
  if (parsed.success) return parsed.data;
  throw new ConfigError(explain(parsed.error.issues[0] as z.core.$ZodIssue, given));
}

function parseObject(value: unknown): Record<string, unknown> {
  const object = json(value ?? {});
  if (typeof object === 'object' && object !== null && !Array.isArray(object)) return object as Record<string, unknown>;
  throw new ConfigError(
    `context.${CONFIG_KEY} is ${JSON.stringify(value)}: it must be an object of options, such as {"cpu": 2048}; set it in cdk.json, or single options with -c ${CONFIG_KEY}:OPTION=VALUE`,
  );
}

function overrides(context: Record<string, unknown>): Record<string, unknown> {
  const prefix = `${CONFIG_KEY}:`;
  const flags = Object.entries(context).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(flags.map(([key, value]) => [key.slice(prefix.length), json(value)]));
}

/** A flag's value is JSON if it parses as JSON, otherwise text: no option takes a text that is valid JSON. */
function json(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function explain(issue: z.core.$ZodIssue, given: Record<string, unknown>): string {
  const [name, ...rest] = issue.path.map(String);
  const isUnknown = issue.code === 'unrecognized_keys';
  if (name === undefined) {
    const unknown = isUnknown ? `unknown option ${issue.keys[0]}` : issue.message;
    return `${unknown}: the options are ${Object.keys(OPTIONS).join(', ')}; ${WHERE_TO_CHECK}`;
  }
  const subject = rest.length === 0 && !isUnknown ? 'it' : name;
  const reason = issue.message || `${subject} must be ${OPTION_TEXTS[name]?.allowed}`;
  const path = [name, ...rest].join('.');
  if (isUnknown) return `unknown key ${path}.${issue.keys[0]}: ${reason}; ${WHERE_TO_CHECK}`;
  const value = [name, ...rest].reduce<unknown>((object, key) => (object as Record<string, unknown>)[key], given);
  const state = value === undefined ? 'is not set' : `is ${JSON.stringify(value)}`;
  return `option ${path} ${state}: ${reason}; ${whereToSet(name)}`;
}

const WHERE_TO_CHECK = `check context.${CONFIG_KEY} in cdk.json, and the -c flags`;

const whereToSet = (name: string): string =>
  `set it in cdk.json under context.${CONFIG_KEY}, or with -c ${CONFIG_KEY}:${name}=VALUE`;
