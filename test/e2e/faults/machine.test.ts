import { execFile } from 'node:child_process';
import { chmod, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { eventually, k6Binary, Sandbox } from '../../support/fleet.ts';
import { startServer } from '../../support/http-server.ts';
import { processesIn, StartedRun } from './started-run.ts';

const sandbox = await Sandbox.create();
const server = await startServer();
const hits = (path: string) => server.requests.get(`GET ${path}`) ?? 0;
const ONE_LINE = /^k6-fleet: [^\n]+\n$/;

const load = (path: string, iterations: number) => `
import http from 'k6/http';
import { sleep } from 'k6';
import { Trend } from 'k6/metrics';
const own = new Trend('own_${path}');
export const options = { scenarios: { all: { executor: 'shared-iterations', vus: 2, iterations: ${iterations} } } };
export default function () { http.get('${server.url}/${path}'); own.add(${iterations}); sleep(0.02); }
`;

/** Mounts a small disk, in memory, for the time of one test; null: this user cannot. */
async function smallDisk(name: string, size: string): Promise<string | null> {
  const dir = sandbox.path(name);
  await mkdir(dir);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir]);
    return dir;
  } catch {
    return null;
  }
}
const unmount = (dir: string) => run('umount', ['-l', dir]);
const run = promisify(execFile);

/** Takes all the room that is left on a disk. */
async function fill(dir: string): Promise<void> {
  const file = await open(join(dir, 'filler'), 'w');
  try {
    for (;;) await file.write(Buffer.alloc(4096));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
  } finally {
    await file.close();
  }
}

describe.concurrent('the disk', () => {
  it('that gets full under load ends the run with one line, and no process is left', async ({
    skip,
    onTestFinished,
  }) => {
    const disk = await smallDisk('disk', '8m');
    if (disk === null) return skip('only root can mount a small disk');
    onTestFinished(async () => void (await unmount(disk)));
    const started = await StartedRun.start(sandbox, 'disk', load('full', 100_000), ['--tasks', '2', '-q']);
    await started.untilShipped(0);
    await fill(disk);

    const { code, stdout, stderr } = await started.ended;

    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain(`run ${started.id} cannot continue: ENOSPC`);
    expect(stdout).toBe('');
    expect(code).toBe(1);
    await started.untilNoProcesses();
  });

  it('that is full says so before anything starts', async ({ skip, onTestFinished }) => {
    const disk = await smallDisk('full-disk', '4k');
    if (disk === null) return skip('only root can mount a small disk');
    onTestFinished(async () => void (await unmount(disk)));
    const script = await sandbox.script('full-disk.js', load('full', 2));

    const { code, stderr } = await sandbox.cli(['run', script, '-q', '--store', disk]);

    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(/cannot write to .*full-disk: ENOSPC.*--store/);
    expect(code).toBe(1);
  });

  it('that has a file in the place of the folder says so', async () => {
    const script = await sandbox.script('unwritable.js', load('unwritable', 2));
    const file = await sandbox.script('not-a-folder', '');

    const { code, stderr } = await sandbox.cli(['run', script, '-q', '--store', file]);

    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(/cannot write to .*not-a-folder: .*--store/);
    expect(code).toBe(104);
    expect(hits('/unwritable')).toBe(0);
  });
});

describe.concurrent('a task', () => {
  it('that never gets ready is named, with the end of its log', async () => {
    const stuck = `if (__VU > 0) { console.error('waiting for the moon'); for (;;); }`;
    const started = await StartedRun.start(sandbox, 'stuck', `${stuck}\n${load('stuck', 10)}`, [
      '--tasks',
      '1',
      '--ready-timeout',
      '6',
    ]);

    const { code, stdout } = await started.ended;

    expect(code).toBe(122);
    const { verdict } = await started.result();
    expect(verdict.reasons).toEqual([
      expect.stringMatching(/^task 0 was not ready within 6 s \(raise --ready-timeout\).*waiting for the moon/),
    ]);
    expect(stdout).toContain('task 0 was not ready within 6 s');
    await started.untilNoProcesses();
  });

  it('is one of eight that start together, each of which says how late it was', async () => {
    const script = await sandbox.script(
      'eight.js',
      `export const options = { vus: 8, iterations: 8 }; export default () => {};`,
    );

    const { code, result } = await sandbox.run(script, ['--tasks', '8']);

    expect(code).toBe(0);
    const skews = result?.tasks.map(({ startSkewMs }) => startSkewMs ?? Number.NaN) ?? [];
    expect(skews).toHaveLength(8);
    for (const skew of skews) expect(skew).toBeGreaterThanOrEqual(0);
    expect(Math.max(...skews)).toBeLessThan(500);
  });
});

describe.concurrent('two runs at once', () => {
  it('in one store do not mix', async () => {
    const scripts = await Promise.all(
      [60, 90].map((n) => sandbox.script(`run-${n}.js`, load(`run-${n}`.replace('-', '_'), n))),
    );

    const ended = await Promise.all(scripts.map((script) => sandbox.run(script, ['--tasks', '2'])));

    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    for (const [index, count] of [60, 90].entries()) {
      const result = ended[index]?.result;
      expect(hits(`/run_${count}`)).toBe(count);
      expect(result?.metrics.http_reqs?.values.count).toBe(count);
      expect(result?.metrics[`own_run_${count}`]?.values).toMatchObject({ count, min: count, max: count });
      expect(Object.keys(result?.metrics ?? {}).filter((name) => name.startsWith('own_'))).toEqual([
        `own_run_${count}`,
      ]);
    }
    const { stdout } = await sandbox.cli(['runs']);
    for (const { result } of ended) expect(stdout).toContain(result?.run.id);
  });
});

describe.concurrent('a k6 that is not ours', () => {
  const cases: [string, string, RegExp][] = [
    ['of stock', `echo 'unknown command "fleet"' >&2; exit 255`, /does not have the fleet extension/],
    [
      'of another version',
      `echo '{"k6":"v1.9.9","protocol":1}'`,
      /is v1\.9\.9 with fleet protocol 1, but k6-fleet needs v2/,
    ],
    ['of another protocol', `echo '{"k6":"v2.2.0","protocol":99}'`, /fleet protocol 99/],
    ['that is another program', 'echo hello', /does not report its version as k6 does/],
  ];
  it.each(cases)('%s is refused in one line', async (name, body, message) => {
    const fake = await sandbox.script(name.replaceAll(' ', '-'), `#!/bin/sh\n${body}\n`);
    await chmod(fake, 0o755);
    const script = await sandbox.script('any.js', load('any', 2));

    const { code, stderr } = await sandbox.cli(['run', script, '-q'], { K6_FLEET_K6: fake });

    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });

  it('or cannot be executed, or is not there, is refused in one line', async () => {
    const script = await sandbox.script('any.js', load('any', 2));
    for (const path of [script, sandbox.path('nowhere')]) {
      const { code, stderr } = await sandbox.cli(['run', script, '-q'], { K6_FLEET_K6: path });

      expect(stderr).toMatch(ONE_LINE);
      expect(stderr).toContain(path);
      expect(code).toBe(1);
    }
  });

  it('dies each time it shall run a script: the run gives up', async () => {
    const dying = await sandbox.script(
      'dying-k6',
      `#!/bin/sh\nif [ "$1" = run ]; then kill -9 $$; fi\nexec '${k6Binary}' "$@"\n`,
    );
    await chmod(dying, 0o755);
    const started = await StartedRun.start(sandbox, 'doomed', load('doomed', 5), ['--tasks', '2'], {
      K6_FLEET_K6: dying,
    });

    const { code } = await started.ended;

    expect(code).toBe(122);
    expect((await started.result()).verdict.reasons).toEqual([
      expect.stringMatching(/^task \d was lost 3 times before the start: .*k6 was killed by SIGKILL$/),
    ]);
    await started.untilNoProcesses();
  });
});

it('nothing of all this is left running', async () => {
  await eventually('the end of all', async () => (await processesIn(sandbox.dir)).length === 0);
});
