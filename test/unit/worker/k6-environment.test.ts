import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { K6_SETTINGS } from '../../../core/contract/env.ts';
import { RunFiles } from '../../../core/contract/run-files.ts';
import { inheritedEnvironment, isolatedEnvironment, type K6Environment } from '../../../worker/k6-environment.ts';
import { MemoryStore } from '../../support/memory-store.ts';

const RUN = '20261123-080106-spike-ff3d';
const HOME = '/work/task';

/** What a task of Fargate has in its environment. */
const TASK = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  LANG: 'C.UTF-8',
  HOME: '/work',
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/x',
  ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/x',
  NODE_OPTIONS: '--max-old-space-size=512',
  K6_FLEET_STORE: 's3://bucket',
};

/** @param told what `-e` gave; null: environment.json is gone */
async function isolated(
  told: Record<string, string> | null,
  task: NodeJS.ProcessEnv = TASK,
  secrets: Record<string, string> = {},
): Promise<K6Environment> {
  const files = new RunFiles(new MemoryStore(), RUN);
  if (told !== null) await files.putEnvironment(told);
  const read = async (name: string) => secrets[name] ?? '';
  const openReader = async () => ({ parameter: read, secret: read });
  return isolatedEnvironment({ files, home: HOME, openReader }, task);
}

const k6Variables = ({ env }: K6Environment) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('K6_')));

describe('the environment of an isolated k6', () => {
  it('is what -e gave, the basics of the task, and our settings', async () => {
    const { env, secrets, blockedIPs } = await isolated({ BASE_URL: 'https://x', TOKEN: 'ssm:/t' }, TASK, {
      '/t': 's3cret',
    });

    expect(env).toEqual({
      BASE_URL: 'https://x',
      TOKEN: 's3cret',
      PATH: TASK.PATH,
      LANG: TASK.LANG,
      HOME,
      TMPDIR: HOME,
      ...K6_SETTINGS,
    });
    expect(secrets).toEqual(['s3cret']);
    expect(blockedIPs).toEqual(['169.254.0.0/16']);
  });

  it.each([
    'K6_BROWSER_EXECUTABLE_PATH',
    'K6_BROWSER_ARGS',
    'K6_BROWSER_WS_URL',
    'K6_BROWSER_SCREENSHOTS_OUTPUT',
    'K6_OUT',
    'K6_LOG_OUTPUT',
    'K6_BLACKLIST_IPS',
    'K6_FLEET_STORE',
    'K6_',
    ...Object.keys(K6_SETTINGS),
  ])('has no %s but ours, whether -e or the task brings it', async (name) => {
    const value = '/bin/sh';

    expect(k6Variables(await isolated({ [name]: value }))).toEqual(K6_SETTINGS);
    expect(k6Variables(await isolated({}, { ...TASK, [name]: value }))).toEqual(K6_SETTINGS);
    expect(k6Variables(await isolated({ [name]: 'ssm:/t' }, TASK, { '/t': value }))).toEqual(K6_SETTINGS);
  });

  it('has no K6_… but ours, whatever its name', async () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_]{0,30}$/).map((rest) => `K6_${rest}`);
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, fc.string()), fc.dictionary(name, fc.string()), async (told, task) => {
        expect(k6Variables(await isolated(told, { ...TASK, ...task }))).toEqual(K6_SETTINGS);
      }),
    );
  });

  it("keeps the task's basics, and a home of its own, against -e", async () => {
    const task = { ...TASK, LC_ALL: 'C', TZ: 'UTC', SSL_CERT_FILE: '/etc/ssl/ca.pem', SSL_CERT_DIR: '/etc/ssl/certs' };
    const names = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'HOME', 'TMPDIR'];

    const { env } = await isolated(Object.fromEntries(names.map((name) => [name, '/tmp/evil'])), task);

    const { PATH, LANG, LC_ALL, TZ, SSL_CERT_FILE, SSL_CERT_DIR } = task;
    expect(env).toEqual({
      ...{ PATH, LANG, LC_ALL, TZ, SSL_CERT_FILE, SSL_CERT_DIR },
      HOME,
      TMPDIR: HOME,
      ...K6_SETTINGS,
    });
  });

  it('cannot be had once environment.json has expired', async () => {
    await expect(isolated(null)).rejects.toThrow('environment.json is gone');
  });
});

it("on one machine is the user's, with the browser's settings, and blocks nothing", () => {
  const { env, secrets, blockedIPs } = inheritedEnvironment({
    PATH: '/bin',
    AWS_PROFILE: 'mine',
    K6_BROWSER_HEADLESS: 'false',
    K6_VUS: '3',
    K6_FLEET_RUN: RUN,
  });

  expect(env).toEqual({ PATH: '/bin', AWS_PROFILE: 'mine', K6_BROWSER_HEADLESS: 'false', ...K6_SETTINGS });
  expect([secrets, blockedIPs]).toEqual([[], []]);
});
