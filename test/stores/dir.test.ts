import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DirStore } from '../../stores/dir.ts';
import { openStore } from '../../stores/index.ts';

const text = (body: Uint8Array | null | undefined) =>
  body === null || body === undefined ? null : new TextDecoder().decode(body);

let root: string;
let folders = 0;
const freshStore = () => new DirStore(join(root, String(folders++)));

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'k6-fleet-store-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('an object with one writer', () => {
  it('is null where it was never put', async () => {
    expect(await freshStore().get('runs/a/plan.json')).toBeNull();
  });

  it('is what was put last, byte for byte', async () => {
    const store = freshStore();
    const bytes = Uint8Array.from({ length: 256 }, (_, value) => value);

    await store.put('a/b.gz', 'first');
    await store.put('a/b.gz', bytes);

    expect(new Uint8Array((await store.get('a/b.gz')) ?? [])).toEqual(bytes);
    expect(await readdir(join(store.root, 'a'))).toEqual(['b.gz']);
  });

  it('is seen whole while it is replaced', async () => {
    const store = freshStore();
    const bodies = ['a', 'b'].map((letter) => letter.repeat(300_000));
    await store.put('big', bodies[0] ?? '');

    const writes = Array.from({ length: 40 }, (_, nr) => store.put('big', bodies[nr % 2] ?? ''));
    const seen = await Promise.all(Array.from({ length: 80 }, async () => text(await store.get('big'))));
    await Promise.all(writes);

    expect(seen.filter((body) => !bodies.includes(body ?? ''))).toEqual([]);
  });

  it('says why it cannot be written, and leaves nothing behind', async () => {
    const store = freshStore();
    await store.put('file', '');

    await expect(store.put('file/below', 'x')).rejects.toThrow(/ENOTDIR|EEXIST/);

    expect(await readdir(store.root)).toEqual(['file']);
  });
});

describe('create', () => {
  it('has one winner', async () => {
    const store = freshStore();

    const won = await Promise.all(Array.from({ length: 20 }, (_, nr) => store.create('stop.json', String(nr))));

    const winner = won.indexOf(true);
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(text(await store.get('stop.json'))).toBe(String(winner));
    expect(await readdir(store.root)).toEqual(['stop.json']);
  });
});

describe('swap', () => {
  it('replaces exactly the version that was read, as a model of it does', async () => {
    const writer = fc.nat({ max: 2 });
    const commands = fc.array(fc.record({ writer, reads: fc.boolean() }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(commands, async (steps) => {
        const store = freshStore();
        const writers = [0, 1, 2].map(() => ({
          store: new DirStore(store.root),
          etag: null as string | null,
          version: 0,
        }));
        let version = 0;
        for (const [nr, { writer: index, reads }] of steps.entries()) {
          const mine = writers[index];
          if (mine === undefined) continue;
          if (reads) {
            const read = await mine.store.getVersioned('control.json');
            mine.etag = read?.etag ?? null;
            mine.version = version;
          }
          const next = await mine.store.swap('control.json', String(nr), mine.etag);
          const wins = mine.version === version;
          expect(next !== null).toBe(wins);
          if (!wins) continue;
          version += 1;
          mine.version = version;
          mine.etag = next;
          expect(text((await store.getVersioned('control.json'))?.body)).toBe(String(nr));
          expect(await readFile(join(store.root, 'control.json'), 'utf8')).toBe(String(nr));
        }
      }),
      { numRuns: 25 },
    );
  });

  it('loses and doubles nothing over several processes', async () => {
    const store = freshStore();
    const processes = 4;
    const times = 40;
    const swapper = join(import.meta.dirname, 'swapper.ts');

    const ended = await Promise.all(
      Array.from({ length: processes }, () =>
        promisify(execFile)(process.execPath, ['--import', 'tsx', swapper, store.root, 'count', String(times)]),
      ),
    );

    expect(ended.map(({ stderr }) => stderr).join('')).toBe('');
    expect(text((await store.getVersioned('count'))?.body)).toBe(String(processes * times));
    expect((await readdir(store.root)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('keeps a bounded number of old versions', async () => {
    const store = freshStore();
    let etag: string | null = null;
    for (let nr = 0; nr < 50; nr++) etag = await store.swap('progress.json', String(nr), etag);

    expect((await readdir(join(store.root, '.versions', 'progress.json'))).length).toBeLessThanOrEqual(16);
  });

  it('is lost to a writer that was held up while its version number came and went', async () => {
    // A process that is stopped after its first look, which has shown it the version that it has read.
    const held = new DirStore(freshStore().root);
    const other = new DirStore(held.root);
    const first = await other.swap('key', '1', null);
    const newest = Reflect.get(held, 'newestVersion').bind(held);
    let looks = 0;
    Reflect.set(held, 'newestVersion', async (key: string) => {
      const seen = await newest(key);
      looks += 1;
      if (looks === 1) {
        let etag = first;
        for (let nr = 2; nr < 40; nr++) etag = await other.swap('key', String(nr), etag);
      }
      return seen;
    });

    expect(await held.swap('key', 'late', first)).toBeNull();

    expect(text((await other.getVersioned('key'))?.body)).toBe('39');
    expect(text(await other.get('key'))).toBe('39');
  });
});

describe('openStore', () => {
  it('opens a folder by its file: URL', async () => {
    const store = freshStore();
    await store.put('a', 'x');

    expect(text(await openStore(new URL(`file://${store.root}`).href).get('a'))).toBe('x');
  });

  it('names what it cannot open', () => {
    expect(() => openStore('ftp://host')).toThrow('unknown store "ftp://host"');
  });
});

it('is not misled by files of others beside the versions', async () => {
  const store = freshStore();
  const etag = await store.swap('key', 'a', null);
  await writeFile(join(store.root, '.versions', 'key', '.DS_Store'), '');

  expect((await store.getVersioned('key'))?.etag).toBe(etag);
});
