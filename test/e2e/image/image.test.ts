import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, it } from 'vitest';
import { WorkerEnv } from '../../../core/contract/env.ts';
import { type BuiltImage, buildImage, whyNoImage } from '../../../scripts/build-image.mjs';
import { ended, runIn, start } from './container.ts';

const reason = whyNoImage();
const skipped = reason === null ? '' : ` (skipped: ${reason})`;
const BUILD_MS = 900_000;

/** Paths in the image, from its root, that `find` finds. */
const find = ({ rootfs }: BuiltImage, ...tests: string[]) =>
  execFileSync('find', ['.', '-xdev', ...tests], { cwd: rootfs, encoding: 'utf8' })
    .split('\n')
    .slice(0, -1)
    .map((path) => path.slice(1));

describe.skipIf(reason !== null)(`the image of a task${skipped}`, () => {
  let image: BuiltImage;
  beforeAll(async () => {
    image = await buildImage();
  }, BUILD_MS);

  it('is configured to run the worker, unprivileged, with one volume', () => {
    expect(image).toMatchObject({
      entrypoint: ['node', expect.stringMatching(/^--max-old-space-size=\d+$/), '/opt/k6-fleet/worker.js'],
      cmd: [],
      user: '10001:10001',
      workdir: '/work',
      volumes: ['/work'],
    });
    const { PATH: _, ...env } = image.env;
    expect(env).toEqual({
      [WorkerEnv.k6]: '/opt/k6-fleet/k6',
      [WorkerEnv.workDir]: '/work/task',
      HOME: '/work',
      TMPDIR: '/work',
    });
  });

  it('adds the worker and k6 to its base, and nothing else', () => {
    expect(readdirSync(join(image.rootfs, 'opt', 'k6-fleet')).sort()).toEqual(['k6', 'package.json', 'worker.js']);
    expect(readdirSync(join(image.rootfs, 'work'))).toEqual([]);
    const entries = readdirSync(image.rootfs);
    for (const stray of ['src', 'out', 'go', 'lambda', '.npmrc']) expect(entries).not.toContain(stray);
    expect(find(image, '(', '-name', '.npmrc', '-o', '-path', '*/local/go', '-o', '-name', 'esbuild', ')')).toEqual([]);
    expect(image.bytes).toBeLessThan(64 * 2 ** 20);
  });

  it('belongs to root, except for the volume', () => {
    expect(find(image, '(', '-uid', '10001', '-o', '-gid', '10001', ')')).toEqual(['/work']);
    const foreign = find(image, '(', '-path', './opt/*', '-o', '-path', './usr/local/*', ')', '!', '-user', 'root');
    expect(foreign).toEqual([]);
  });

  it("has no setuid or writable files beyond Debian's", () => {
    const raising = find(image, '-type', 'f', '-perm', '/6000');
    expect(raising.filter((path) => !/^\/usr\/(bin|sbin|lib)\//.test(path))).toEqual([]);
    const writable = find(image, '(', '-path', './opt*', '-o', '-path', './work*', ')', '-perm', '/022');
    expect(writable).toEqual([]);
  });

  it('lets its user write to the volume only', async () => {
    const script =
      'id -u; id -g; touch /tmp/x || echo no; mkdir "$K6_FLEET_WORK_DIR" && touch "$HOME/x" && ls "$TMPDIR"';
    const { code, stdout } = await runIn(image, ['sh', '-c', script]);
    expect({ code, lines: stdout.trim().split('\n') }).toEqual({
      code: 0,
      lines: ['10001', '10001', 'no', 'task', 'x'],
    });
    expect(statSync(join(image.rootfs, 'work')).uid).toBe(10_001);
  });

  it('has a Node that works', async () => {
    const { stdout } = await runIn(image, ['node', '--version']);
    expect(stdout).toMatch(/^v2\d\.\d+\.\d+\n$/);
  });

  it('has a k6 with our extension', async () => {
    const k6 = image.env[WorkerEnv.k6] ?? '';
    expect((await runIn(image, [k6, 'version'])).stdout).toContain('fleet [output]');
    expect(JSON.parse((await runIn(image, [k6, 'x', 'fleet', 'version'])).stdout)).toMatchObject({ protocol: 1 });
  });

  it('has a k6 that runs a script', async () => {
    const script = 'import { sleep } from "k6"; export default function () { sleep(0); }';
    const { code, stdout } = await runIn(image, ['/opt/k6-fleet/k6', 'run', '--iterations', '1', '-'], script);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('iterations') });
  });

  it('names in one line the variable that its worker lacks', async () => {
    const { code, stderr } = await runIn(image, [...image.entrypoint, ...image.cmd]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `k6-fleet worker: the environment variable ${WorkerEnv.store} is missing\n`,
    });
  });

  it('is not rebuilt while its sources are unchanged', { timeout: BUILD_MS }, async () => {
    const first = await buildImage();
    const { ino } = statSync(first.rootfs);
    expect(await buildImage()).toEqual(first);
    expect(statSync(first.rootfs).ino).toBe(ino);
  });
});

describe.skipIf(reason !== null)(`the image of the demo target${skipped}`, () => {
  let image: BuiltImage;
  beforeAll(async () => {
    image = await buildImage({ target: 'demo' });
  }, BUILD_MS);

  it('is configured to listen on port 8080, unprivileged', () => {
    expect(image).toMatchObject({
      entrypoint: ['node', '/opt/k6-fleet/demo.js', '--host', '0.0.0.0', '--port', '8080'],
      cmd: [],
      user: '10001:10001',
      volumes: [],
    });
  });

  it('answers on a read-only root, and exits on SIGTERM', async () => {
    const child = start(image, [...image.entrypoint, '--host', '127.0.0.1', '--port', '0']);
    const end = ended(child);
    try {
      const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
      const url = /http:\S+/.exec(line)?.[0];
      const answer = await fetch(`${url}/_demo/state`);
      expect(await answer.json()).toMatchObject({ running: expect.any(Number) });
    } finally {
      child.kill('SIGTERM');
    }
    expect((await end).code).toBe(0);
  });
});

it('rejects an unknown image', async () => {
  await expect(buildImage({ target: 'nix' as 'task' })).rejects.toThrow('no image "nix": use task or demo');
});
