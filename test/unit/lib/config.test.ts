import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Config, ConfigError, OPTION_TEXTS, readConfig } from '../../../lib/config.ts';
import { FARGATE_SIZES } from '../../../lib/fargate-size.ts';
import { PACKAGE_ROOT } from '../../../lib/package-root.ts';
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
  it('is complete without a word', () => {
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
    for (const text of Object.values(OPTION_TEXTS)) expect(text).toMatch(/default|for tests only/);
    const { cpu, memory, legSeconds, resultDays, logDays, stackName } = read({});
    const said = (name: string) => OPTION_TEXTS[name]?.match(/default (\w+)/)?.[1];
    expect(said('cpu')).toBe(String(cpu));
    expect(said('memory')).toBe(String(memory));
    expect(said('legSeconds')).toBe(String(legSeconds));
    expect(said('resultDays')).toBe(String(resultDays));
    expect(said('logDays')).toBe(String(logDays));
    expect(said('stackName')).toBe(stackName);
  });

  it('takes flags over the file, as JSON where they are no text', () => {
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
      says: [/k6-fleet:cpus is no option/, /there are .*cpu, memory/],
    },
    { what: 'an unknown flag', flags: { 'k6-fleet:sopt': 'true' }, says: [/k6-fleet:sopt is no option/] },
    { what: 'no object', flags: { 'k6-fleet': 'yes' }, says: [/k6-fleet is "yes": it must be an object/] },
    { what: 'a cpu that Fargate has not', options: { cpu: 300 }, says: [/k6-fleet:cpu is 300/, /256, 512, 1024/] },
    {
      what: 'a memory that does not go with the cpu',
      options: { cpu: 256, memory: 4096 },
      says: [/k6-fleet:memory is 4096: with cpu 256 it must be one of 512, 1024, 2048/],
    },
    {
      what: 'the default memory with a large cpu',
      options: { cpu: 4096 },
      says: [/k6-fleet:memory .*one of 8192, 9216/],
    },
    { what: 'a leg past its Lambda', options: { legSeconds: 900 }, says: [/k6-fleet:legSeconds is 900/, /5 to 840/] },
    { what: 'days that logs cannot have', options: { logDays: 10 }, says: [/k6-fleet:logDays is 10/, /7, 14, 30/] },
    {
      what: 'no boolean',
      flags: { 'k6-fleet:spot': 'yes' },
      says: [/k6-fleet:spot is "yes"/, /-c k6-fleet:spot=VALUE/],
    },
    { what: 'an architecture', options: { architecture: 'arm' }, says: [/is "arm"/, /arm64 .* or x86_64/] },
    { what: 'a stack name', options: { stackName: '1st' }, says: [/k6-fleet:stackName is "1st"/] },
    {
      what: 'a VPC without subnets',
      options: { vpc: { vpcId: 'vpc-0123456789abcdef0', subnetIds: [] } },
      says: [/k6-fleet:vpc\.subnetIds is \[\]/, /1 to 16/],
    },
    {
      what: 'a subnet that is none',
      options: { vpc: { vpcId: 'vpc-0123456789abcdef0', subnetIds: ['vpc-0123456789abcdef0'] } },
      says: [/k6-fleet:vpc\.subnetIds\.0 is "vpc-0123456789abcdef0"/],
    },
    { what: 'a target without services', options: { target: {} }, says: [/k6-fleet:target\.services is missing/] },
    {
      what: 'an unknown key of the target',
      options: { target: { services: [{ cluster: 'a', service: 'b' }], loadbalancer: 'x' } },
      says: [/k6-fleet:target.*loadbalancer/],
    },
    {
      what: 'a load balancer by ARN',
      options: { target: { services: [{ cluster: 'a', service: 'b' }], loadBalancer: 'arn:aws:x' } },
      says: [/k6-fleet:target\.loadBalancer is "arn:aws:x"/, /app\/<name>\/<id>/],
    },
    {
      what: 'a target too long for a Lambda',
      options: { target: { services: [{ cluster: 'a', service: 'b' }], stopAlarms: Array(100).fill('a'.repeat(40)) } },
      says: [/is too long: a Lambda's environment takes 3000 bytes/],
    },
    { what: 'an address', options: { verdictEmail: 'me' }, says: [/k6-fleet:verdictEmail is "me"/] },
    {
      what: 'a prefix without slashes',
      options: { secretsPrefix: 'k6' },
      says: [/secretsPrefix is "k6"/, /from \/ to \//],
    },
  ])('names $what in one line', ({ options = {}, flags = {}, says }) => {
    const message = mistake(options, flags);
    expect(message).not.toContain('\n');
    for (const pattern of says) expect(message).toMatch(pattern);
    expect(message).toMatch(/cdk\.json/);
  });
});

describe('bin/app.ts', () => {
  it('says a mistake in one line, without a stack trace, and fails', () => {
    const { status, stderr, stdout } = spawnSync(process.execPath, ['--import', 'tsx', 'bin/app.ts'], {
      cwd: PACKAGE_ROOT,
      env: {
        ...process.env,
        CDK_OUTDIR: join(OUT, 'mistake'),
        CDK_CONTEXT_JSON: JSON.stringify({ 'k6-fleet:cpu': '300' }),
      },
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/^k6-fleet: k6-fleet:cpu is 300: .*\n$/);
    expect(stdout).toBe('');
    expect(status).toBe(1);
  });
});
