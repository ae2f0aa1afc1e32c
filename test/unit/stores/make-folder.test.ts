import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeFolder, makeWritableFolder } from '../../../stores/make-folder.ts';

const dir = await mkdtemp(join(tmpdir(), 'make-folder-'));
afterAll(() => rm(dir, { recursive: true }));

test('creates missing parents, also when several writers do so at once', async () => {
  const path = join(dir, 'a', 'b', 'c');
  await Promise.all([makeFolder(path), makeFolder(path), makeFolder(join(path, 'd'))]);
  expect((await stat(join(path, 'd'))).isDirectory()).toBe(true);
  expect(await makeFolder(path)).toBe(false);
});

test.runIf(process.platform === 'linux')('ends under /proc, where no folder can be created', async () => {
  await expect(makeFolder('/proc/no-such-folder/runs')).rejects.toThrow(/ENOENT.*\/proc\/no-such-folder/);
});

test('a file in its place, or among its parents, is not a folder', async () => {
  const file = join(dir, 'file');
  await writeFile(file, '');
  await expect(makeWritableFolder(file)).rejects.toThrow('ENOTDIR');
  await expect(makeWritableFolder(join(file, 'runs'))).rejects.toThrow('ENOTDIR');
});

test('a folder that exists is taken', async () => {
  await mkdir(join(dir, 'there'));
  await expect(makeWritableFolder(join(dir, 'there'))).resolves.toBeUndefined();
});
