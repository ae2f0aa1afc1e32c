import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DirStore } from '../../../stores/dir.ts';
import { openStore } from '../../../stores/open-store.ts';
import { describeStore, text } from '../../support/store-contract.ts';

let root: string;
let folders = 0;
const freshStore = (pruneAfterMs?: number) => new DirStore(join(root, String(folders++)), pruneAfterMs);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'k6-fleet-store-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describeStore({
  fresh: async () => freshStore(),
  again: (store) => new DirStore((store as DirStore).root),
  numRuns: 25,
});

describe('an object with one writer', () => {
  it('leaves nothing beside it', async () => {
    const store = freshStore();
    await store.put('a/b.gz', 'first');
    await store.put('a/b.gz', 'second');
    await store.create('a/c', 'x');
    await store.create('a/c', 'y');

    expect((await readdir(join(store.root, 'a'))).sort()).toEqual(['b.gz', 'c']);
  });

  it('says why it cannot be written, and leaves nothing behind', async () => {
    const store = freshStore();
    await store.put('file', '');

    await expect(store.put('file/below', 'x')).rejects.toThrow(/ENOTDIR|EEXIST/);

    expect(await readdir(store.root)).toEqual(['file']);
  });
});

describe('swap', () => {
  it('leaves the plain file too, for people and their tools', async () => {
    const store = freshStore();
    await store.swap('control.json', 'two', await store.swap('control.json', 'one', null));

    expect(await readFile(join(store.root, 'control.json'), 'utf8')).toBe('two');
  });

  it('loses and doubles nothing over several processes', async () => {
    const store = freshStore();
    const processes = 4;
    const times = 40;
    const swapper = join(import.meta.dirname, '../../support/swapper.ts');

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
    const store = freshStore(0);
    let etag: string | null = null;
    for (let nr = 0; nr < 50; nr++) etag = await store.swap('progress.json', String(nr), etag);

    expect((await readdir(join(store.root, '.versions', 'progress.json'))).length).toBeLessThanOrEqual(16);
  });

  it('is won by a writer that was held up after it, however many versions have followed', async () => {
    const held = freshStore();
    const other = new DirStore(held.root);
    const first = await held.swap('key', '1', null);
    const linkNew = Reflect.get(held, 'linkNew').bind(held);
    Reflect.set(held, 'linkNew', async (...args: unknown[]) => {
      const won = await linkNew(...args);
      let etag: string | null = '2';
      for (let nr = 3; nr < 40; nr++) etag = await other.swap('key', String(nr), etag);
      return won;
    });

    expect(await held.swap('key', '2', first)).toBe('2');
  });

  it('is lost to a writer that was held up while its version number came and went', async () => {
    // A process that is stopped after its first look, which has shown it the version that it has read.
    const held = freshStore(0);
    const other = new DirStore(held.root, 0);
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
