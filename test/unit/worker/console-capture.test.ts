import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { RunFiles } from '../../../core/contract/run-files.ts';
import { ConsoleCapture } from '../../../worker/console-capture.ts';
import { MemoryStore } from '../../support/memory-store.ts';

const dir = await mkdtemp(join(tmpdir(), 'console-capture-'));
afterAll(() => rm(dir, { recursive: true }));

const pathOf = (args: string[]) => args[0]?.replace('--console-output=', '') ?? '';

async function capture(maxBytes?: number) {
  const files = new RunFiles(new MemoryStore(), 'run').task(3, 0);
  const workDir = await mkdtemp(join(dir, 'work-'));
  const console = new ConsoleCapture({ enabled: true, workDir, files, task: 3, ...(maxBytes && { maxBytes }) });
  const stored = async () => gunzipSync((await files.console()) ?? Buffer.alloc(0)).toString();
  return { console, files, stored };
}

test('collects what each k6 printed once it has exited', async () => {
  const { console, files, stored } = await capture();
  const [load, setup] = [console.next(), console.next()];
  await appendFile(pathOf(load.args), 'early\n');
  await appendFile(pathOf(setup.args), 'setup\n');
  await setup.save();
  expect(await stored()).toBe('setup\n');
  await appendFile(pathOf(load.args), 'late\n');
  await load.save();
  await console.saveAll();
  expect(await stored()).toBe('setup\nearly\nlate\n');
  expect(await files.log()).toBeNull();
});

test('a script that prints nothing leaves no file', async () => {
  const { console, files } = await capture();
  await console.next().save();
  expect(await files.console()).toBeNull();
});

test('is bounded: whole lines are kept, the rest is counted and said', async () => {
  const { console, stored } = await capture(14);
  const [first, second] = [console.next(), console.next()];
  await appendFile(pathOf(first.args), 'line 1\nline 2\nline 3\n');
  await appendFile(pathOf(second.args), 'more\n');
  await first.save();
  await second.save();
  expect(await stored()).toMatch(
    /^line 1\nline 2\ntime="\S+Z" level=warning msg="12 bytes that task 3 printed were omitted: a task keeps 64 MiB" source=k6-fleet\n$/,
  );
});

test('redacts secrets', async () => {
  const { console, stored } = await capture();
  console.redact(['hunter22']);
  const { args, save } = console.next();
  await appendFile(pathOf(args), 'my hunter22\n');
  await save();
  expect(await stored()).toBe('my ***\n');
});
