import { CreateBucketCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openStore } from '../../../stores/open-store.ts';
import { S3Store } from '../../../stores/s3.ts';
import { type Emulator, startEmulator } from '../../support/emulator/emulator.ts';
import { describeStore, text } from '../../support/store-contract.ts';
import { FaultyProxy } from './faulty-proxy.ts';

let emulator: Emulator;
let proxy: FaultyProxy;
let admin: S3Client;
let buckets = 0;

async function bucket(): Promise<string> {
  const name = `runs-${buckets++}`;
  await admin.send(new CreateBucketCommand({ Bucket: name }));
  return name;
}
const freshStore = async () => new S3Store(await bucket());

beforeAll(async () => {
  emulator = await startEmulator();
  proxy = await FaultyProxy.start(emulator.endpoint);
  admin = new S3Client({ ...emulator.client, forcePathStyle: true });
});
afterAll(async () => {
  admin?.destroy();
  proxy?.stop();
  await emulator?.stop();
});
beforeEach(() => {
  for (const name of ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_ENDPOINT_URL']) {
    vi.stubEnv(name, emulator.env[name]);
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
  proxy.reset();
});

describe('S3Store', () => {
  describeStore({ fresh: freshStore, again: (store) => new S3Store((store as S3Store).bucket), numRuns: 5 });

  it('lists and deletes more than one page of objects', async () => {
    const store = await freshStore();
    const runs = Array.from({ length: 1001 }, (_, nr) => `20261123-${String(nr).padStart(4, '0')}`);
    for (let from = 0; from < runs.length; from += 100) {
      await Promise.all(runs.slice(from, from + 100).map((run) => store.put(`runs/${run}/plan.json`, '{}')));
    }

    expect(await store.listRuns()).toEqual(runs);
    await store.deleteAll();
    expect(await store.listRuns()).toEqual([]);
  });

  it('says what kind of content an object has', async () => {
    const store = await freshStore();
    await store.put('a.json', '{}');

    const head = await admin.send(new HeadObjectCommand({ Bucket: store.bucket, Key: 'a.json' }));
    expect(head.ContentType).toBe('application/json');
  });

  it('knows the store’s clock', async () => {
    const store = await freshStore();
    vi.spyOn(Date, 'now').mockImplementation(() => performance.timeOrigin + performance.now() + 30_000);
    await store.get('a');
    vi.restoreAllMocks();

    // Within the second that the header Date leaves open.
    expect(store.clock.offsetMs()).toBeLessThanOrEqual(-29_000);
    expect(store.clock.offsetMs()).toBeGreaterThanOrEqual(-30_000);
  });
});

describe('S3Store behind a bad connection', () => {
  let store: S3Store;

  beforeEach(async () => {
    const name = await bucket();
    vi.stubEnv('AWS_ENDPOINT_URL', proxy.url);
    store = new S3Store(name);
  });

  it('wins a swap whose response was lost, and continues from it', async () => {
    const first = await store.swap('control.json', 'one', null);
    proxy.fate = (nr) => (nr === 1 ? 'swallow' : 'forward');

    const second = await store.swap('control.json', 'two', first);

    expect(second).toBe((await store.getVersioned('control.json'))?.etag);
    expect(await store.swap('control.json', 'three', second)).not.toBeNull();
    expect(text(await store.get('control.json'))).toBe('three');
  });

  it('wins a create whose answer was lost', async () => {
    proxy.fate = (nr) => (nr === 0 ? 'swallow' : 'forward');

    expect(await store.create('stop.json', 'mine')).toBe(true);
    expect(await store.create('stop.json', 'mine')).toBe(false);
  });

  it('loses a swap whose answer was lost where somebody has replaced it since', async () => {
    const first = await store.swap('control.json', 'one', null);
    const other = new S3Store(store.bucket);
    proxy.fate = async (nr) => {
      if (nr === 1) return 'swallow';
      if (nr === 2) {
        const theirs = await other.getVersioned('control.json');
        await other.swap('control.json', 'theirs', theirs?.etag ?? '');
      }
      return 'forward';
    };

    expect(await store.swap('control.json', 'mine', first)).toBeNull();
    expect(text(await store.get('control.json'))).toBe('theirs');
  });

  it('loses a swap of a version that has been deleted', async () => {
    const first = await store.swap('control.json', 'one', null);
    await store.deleteAll();

    expect(await store.swap('control.json', 'two', first)).toBeNull();
  });

  it('tries again where a conflicting request was under way', async () => {
    proxy.fate = (nr, method) =>
      method === 'PUT' && nr < 4 ? { status: 409, code: 'ConditionalRequestConflict' } : 'forward';

    expect(await store.swap('control.json', 'one', null)).not.toBeNull();
    expect(proxy.requests).toBe(5);
  });

  it('does not try that for ever', async () => {
    proxy.fate = (_, method) => (method === 'PUT' ? { status: 409, code: 'ConditionalRequestConflict' } : 'forward');

    await expect(store.swap('control.json', 'one', null)).rejects.toThrow(
      `s3:PutObject on s3://${store.bucket}/control.json: ConditionalRequestConflict`,
    );
  });

  it.each([
    ['throttling', { status: 503, code: 'SlowDown' }],
    ['an internal error', { status: 500, code: 'InternalError' }],
    ['a lost connection', 'reset'],
  ] as const)('outlasts %s', async (_, fate) => {
    proxy.fate = (nr) => (nr % 3 === 2 ? 'forward' : fate);

    await store.put('a', 'x');

    expect(text(await store.get('a'))).toBe('x');
  });

  it('reads again what broke off in its midst', async () => {
    await store.put('big', 'x'.repeat(100_000));
    proxy.fate = (nr) => (nr === 1 ? 'truncate' : 'forward');

    expect(text(await store.get('big'))).toBe('x'.repeat(100_000));
  });

  it('outlasts a hiccup in the midst of hundreds of reads', async () => {
    await store.put('a', 'x');
    proxy.fate = (nr) => (nr < 100 ? 'reset' : 'forward');

    const bodies = await Promise.all(Array.from({ length: 400 }, () => store.get('a')));

    expect(new Set(bodies.map(text))).toEqual(new Set(['x']));
  });

  it('says which action was refused, on what', async () => {
    proxy.fate = () => ({ status: 403, code: 'AccessDenied' });
    const object = `s3://${store.bucket}/runs/a/plan.json`;

    await expect(store.get('runs/a/plan.json')).rejects.toThrow(
      `s3:GetObject on ${object}: AccessDenied: grant this permission, and s3:ListBucket`,
    );
    await expect(store.swap('runs/a/plan.json', '', null)).rejects.toThrow(`s3:PutObject on ${object}: AccessDenied`);
    expect(proxy.requests).toBe(2);
  });
});

describe('openStore', () => {
  it('opens a bucket by its name', () => {
    expect(openStore('s3://k6-fleet-runs')).toMatchObject({ bucket: 'k6-fleet-runs' });
    expect(() => openStore('s3://Bucket/key')).toThrow('unknown store "s3://Bucket/key"');
  });

  it('says that a bucket does not exist, on reading and on writing', async () => {
    const store = openStore('s3://no-such-bucket');

    await expect(store.get('a')).rejects.toThrow('s3:GetObject on s3://no-such-bucket/a: there is no such bucket');
    await expect(store.swap('a', '', null)).rejects.toThrow('s3:PutObject on s3://no-such-bucket/a: there is no');
  });
});
