import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../support/emulator/emulator.ts';
import { eventually, Sandbox } from '../../support/fleet.ts';
import { startServer } from '../../support/http-server.ts';
import { StartedWorker, type WorkerCase } from './started-worker.ts';

const TOKEN = 't0ken & "quoted"';
const PASSWORD = 'pass-w0rd';

let emulator: Emulator;
let sandbox: Sandbox;
let buckets = 0;

beforeAll(async () => {
  sandbox = await Sandbox.create();
  emulator = await startEmulator();
  for (const name of ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_ENDPOINT_URL']) {
    vi.stubEnv(name, emulator.env[name]);
  }
  const ssm = new SSMClient(emulator.client);
  await ssm.send(new PutParameterCommand({ Name: '/k6-fleet/token', Value: TOKEN, Type: 'SecureString' }));
  const secrets = new SecretsManagerClient(emulator.client);
  const SecretString = JSON.stringify({ user: 'load', password: PASSWORD });
  await secrets.send(new CreateSecretCommand({ Name: '/k6-fleet/login', SecretString }));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await emulator?.stop();
});

async function start(given: Omit<WorkerCase, 'env'>): Promise<StartedWorker> {
  const nr = buckets++;
  const bucket = `worker-${nr}`;
  await new S3Client({ ...emulator.client, forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: bucket }));
  // What a task of Fargate has in its environment beside what the fleet gives it.
  const platform = {
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/x',
    ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/x',
    AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE',
  };
  return StartedWorker.start(await sandbox.within(bucket), bucket, { ...given, env: { ...emulator.env, ...platform } });
}

it('gives the script its variables and network, and exposes no secrets', async () => {
  const seen: string[] = [];
  const server = await startServer((request) => {
    request.setEncoding('utf8');
    let body = '';
    request.on('data', (part: string) => {
      body += part;
    });
    request.on('end', () => seen.push(body));
    return false;
  });
  const worker = await start({
    script: `
      import http from 'k6/http';
      export const options = { blacklistIPs: ['10.0.0.0/8'] };
      export default function () {
        const errors = ['169.254.169.254', '169.254.170.2', '[::ffff:169.254.170.2]', '10.1.2.3'].map(
          (host) => http.get('http://' + host + '/v2/credentials', { timeout: '1s' }).error,
        );
        console.log('my token is ' + __ENV.TOKEN + ' and ' + __ENV.PASSWORD);
        http.post(__ENV.BASE_URL + '/?token=' + encodeURIComponent(__ENV.TOKEN), JSON.stringify({ env: __ENV, errors }));
      }`,
    plan: { blacklistIPs: ['10.0.0.0/8'] },
    environment: {
      BASE_URL: server.url,
      TOKEN: 'ssm:/k6-fleet/token',
      PASSWORD: 'secretsmanager:/k6-fleet/login#password',
    },
  });

  await worker.begin();
  const state = await worker.reaches('done');
  await worker.tell({ phase: 'observing' });

  expect(await worker.ended).toBe(0);
  expect(state).toMatchObject({ exitCode: 0, clockOffsetMs: 0 });
  const { env, errors } = JSON.parse(seen[0] ?? '{}');
  expect(errors).toEqual(Array(4).fill('ip is blacklisted'));
  expect(env).toMatchObject({ BASE_URL: server.url, TOKEN, PASSWORD });
  expect(Object.keys(env).filter((name) => /^(AWS|ECS|K6_FLEET|NODE)_/.test(name))).toEqual([]);
  const windows = JSON.stringify(await worker.windows(state.windows));
  expect(await worker.log()).toContain('my token is *** and ***');
  expect(windows).toContain('/?token=***');
  for (const shown of [await worker.log(), windows, JSON.stringify(state)]) {
    for (const secret of [TOKEN, PASSWORD, JSON.stringify(TOKEN).slice(1, -1), encodeURIComponent(TOKEN)]) {
      expect(shown).not.toContain(secret);
    }
  }
});

it('fails, and starts no k6, where a secret cannot be read', async () => {
  const worker = await start({
    script: 'export default function () {}',
    environment: { TOKEN: 'ssm:/k6-fleet/tokken' },
  });

  const state = await worker.reaches('failed');

  expect(await worker.ended).toBe(0);
  expect(state.message).toBe(
    "cannot read TOKEN from ssm:/k6-fleet/tokken: ParameterNotFound: there is none of that name in the stack's region",
  );
  expect(state.k6Pid).toBeNull();
});

it('ships what it has measured when the platform takes the task away, and says so', async () => {
  const worker = await start({
    script: `
      import { sleep } from 'k6';
      import { Counter } from 'k6/metrics';
      const turns = new Counter('turns');
      export const options = { vus: 1, duration: '5m' };
      export default function () { turns.add(1); sleep(0.1); }`,
    environment: {},
  });
  await worker.begin();
  await worker.reaches('running');
  await eventually('a first window', async () => (await worker.windows(1)).length > 0);

  worker.child.kill('SIGTERM');

  expect(await worker.ended).toBe(0);
  const state = await worker.state();
  expect(state).toMatchObject({
    phase: 'done',
    message: 'the platform stopped the task (SIGTERM: a Spot interruption, or somebody stopped it)',
  });
  const windows = await worker.windows(state?.windows ?? 0);
  expect(windows).toHaveLength(state?.windows ?? -1);
  expect(JSON.stringify(windows)).toContain('"turns"');
});
