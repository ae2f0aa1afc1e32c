import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../lib/assets.ts';
import { type Config, ConfigError, FARGATE_SIZES, OPTION_TEXTS, readConfig } from '../../../lib/config.ts';
import { newApp, OUT } from './synth.ts';

const read = (options: object, flags: Record<string, unknown> = {}): Config => readConfig(newApp(options, flags).node);

const mistake = (options: object, flags: Record<string, unknown> = {}): string => {
  try {
    read(options, flags);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('there was no mistake');
};

describe('the configuration', () => {
  it('has a default for every option', () => {
    expect(read({})).toEqual({
      stackName: 'K6Fleet',
      architecture: 'arm64',
      cpu: 1024,
      memory: 2048,
      spot: false,
      resultDays: 90,
      logDays: 14,
      legSeconds: 780,
      dashboard: true,
      demoTarget: false,
      emulated: false,
    });
  });

  it('is documented option by option, with its default', () => {
    for (const { about, allowed, default: unset } of Object.values(OPTION_TEXTS))
      expect(about && allowed && unset).toBeTruthy();
    const { cpu, memory, legSeconds, resultDays, logDays, stackName } = read({});
    const said = (name: string) => OPTION_TEXTS[name]?.default;
    expect(said('cpu')).toBe(String(cpu));
    expect(said('memory')).toBe(String(memory));
    expect(said('legSeconds')).toBe(String(legSeconds));
    expect(said('resultDays')).toBe(String(resultDays));
    expect(said('logDays')).toBe(String(logDays));
    expect(said('stackName')).toBe(stackName);
  });

  it('prefers flags to the file, and parses them as JSON unless they are text', () => {
    const target = { services: [{ cluster: 'prod', service: 'api' }] };
    const flags = {
      'k6-fleet:cpu': '4096',
      'k6-fleet:memory': '8192',
      'k6-fleet:spot': 'true',
      'k6-fleet:architecture': 'x86_64',
      'k6-fleet:image': 'registry.example/task:1',
      'k6-fleet:target': JSON.stringify(target),
    };
    expect(read({ cpu: 256, resultDays: 7 }, flags)).toMatchObject({
      cpu: 4096,
      memory: 8192,
      spot: true,
      architecture: 'x86_64',
      image: 'registry.example/task:1',
      resultDays: 7,
      target: { ...target, metrics: {}, stopAlarms: [] },
    });
  });

  it.each(
    [...FARGATE_SIZES].flatMap(([cpu, memories]) => [memories[0], memories.at(-1)].map((memory) => ({ cpu, memory }))),
  )('takes the Fargate size $cpu, $memory', (size) => {
    expect(read(size)).toMatchObject(size);
  });

  it.each<{ what: string; options?: object; flags?: Record<string, unknown>; says: RegExp[] }>([
    {
      what: 'an unknown option',
      options: { cpus: 2 },
      says: [/unknown option cpus/, /the options are .*cpu, memory/],
    },
    { what: 'an unknown flag', flags: { 'k6-fleet:sopt': 'true' }, says: [/unknown option sopt/] },
    {
      what: 'a configuration that is not an object',
      flags: { 'k6-fleet': 'yes' },
      says: [/k6-fleet is "yes": it must be an object/],
    },
    {
      what: 'a cpu that Fargate lacks',
      options: { cpu: 300 },
      says: [/option cpu is 300: it must be/, /256, 512, 1024/],
    },
    {
      what: 'a memory that does not go with the cpu',
      options: { cpu: 256, memory: 4096 },
      says: [/option memory is 4096: with cpu 256 it must be one of 512, 1024, 2048/],
    },
    {
      what: 'the default memory with a large cpu',
      options: { cpu: 4096 },
      says: [/option memory is not set.*one of 8192, 9216/],
    },
    {
      what: 'a leg longer than its Lambda',
      options: { legSeconds: 900 },
      says: [/option legSeconds is 900/, /5 to 840/],
    },
    {
      what: 'a retention that CloudWatch Logs lacks',
      options: { logDays: 10 },
      says: [/option logDays is 10/, /7, 14, 30/],
    },
    {
      what: 'a boolean',
      flags: { 'k6-fleet:spot': 'yes' },
      says: [/option spot is "yes"/, /-c k6-fleet:spot=VALUE/],
    },
    { what: 'an architecture', options: { architecture: 'arm' }, says: [/is "arm"/, /arm64 .* or x86_64/] },
    { what: 'a stack name', options: { stackName: '1st' }, says: [/option stackName is "1st"/] },
    {
      what: 'a VPC without subnets',
      options: { vpc: { vpcId: 'vpc-0123456789abcdef0', subnetIds: [] } },
      says: [/option vpc\.subnetIds is \[\]/, /1 to 16/],
    },
    {
      what: 'a subnet id',
      options: { vpc: { vpcId: 'vpc-0123456789abcdef0', subnetIds: ['vpc-0123456789abcdef0'] } },
      says: [/option vpc\.subnetIds\.0 is "vpc-0123456789abcdef0"/],
    },
    { what: 'a target without services', options: { target: {} }, says: [/option target\.services is not set/] },
    {
      what: 'an unknown key of the target',
      options: { target: { services: [{ cluster: 'a', service: 'b' }], loadbalancer: 'x' } },
      says: [/unknown key target\.loadbalancer: target must be/],
    },
    {
      what: 'a load balancer by ARN',
      options: { target: { services: [{ cluster: 'a', service: 'b' }], loadBalancer: 'arn:aws:x' } },
      says: [/option target\.loadBalancer is "arn:aws:x"/, /app\/<name>\/<id>/],
    },
    {
      what: 'a target too long for a Lambda',
      options: { target: { services: [{ cluster: 'a', service: 'b' }], stopAlarms: Array(100).fill('a'.repeat(40)) } },
      says: [/is too long: a Lambda's environment has room for 3000 bytes/],
    },
    { what: 'an address', options: { verdictEmail: 'me' }, says: [/option verdictEmail is "me"/] },
    {
      what: 'a prefix without slashes',
      options: { secretsPrefix: 'k6' },
      says: [/secretsPrefix is "k6"/, /begins and ends with \//],
    },
  ])('names $what in one line', ({ options = {}, flags = {}, says }) => {
    const message = mistake(options, flags);
    expect(message).not.toContain('\n');
    for (const pattern of says) expect(message).toMatch(pattern);
    expect(message).toMatch(/cdk\.json/);
  });
});

describe('bin/app.ts', () => {
  it('reports a mistake in one line, without a stack trace, and fails', () => {
    const { status, stderr, stdout } = spawnSync(process.execPath, ['--import', 'tsx', 'bin/app.ts'], {
      cwd: PACKAGE_ROOT,
      env: {
        ...process.env,
        CDK_OUTDIR: join(OUT, 'mistake'),
        CDK_CONTEXT_JSON: JSON.stringify({ 'k6-fleet:cpu': '300' }),
      },
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/^k6-fleet: option cpu is 300: .*\n$/);
    expect(stdout).toBe('');
    expect(status).toBe(1);
  });
});
