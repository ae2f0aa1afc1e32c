import { describe, expect, test, vi } from 'vitest';
import { Sandbox } from '../../support/fleet.ts';
import { startServer } from '../../support/http-server.ts';
import { consoleLines, taskLogs, writtenFiles } from './artefacts.ts';
import { expectations, scriptPath, scripts } from './cases.ts';
import { differences } from './compare.ts';
import { runPlain } from './plain.ts';

// Each test runs up to five k6 at once.
vi.setConfig({ maxConcurrency: 2 });

const sandbox = await Sandbox.create();
const server = await startServer();

test('every expectation has its script', () => {
  expect(Object.keys(expectations).filter((name) => !scripts.includes(name))).toEqual([]);
});

describe.concurrent('k6-fleet with 3 tasks finds what plain k6 finds', () => {
  test.each(scripts)('%s', async (name) => {
    const { code = 0, tolerance = 0, vus, says = '', compare = 'all', ...expected } = expectations[name] ?? {};
    const env = { BASE_URL: server.url, ...expected.env };
    const flags = Object.entries(env).flatMap(([variable, value]) => ['-e', `${variable}=${value}`]);
    const ours = await sandbox.within(name);
    const theirs = `${ours.dir}.plain`;

    const [plain, fleet] = await Promise.all([
      compare === 'nothing' ? null : runPlain(scriptPath(name), theirs, env),
      ours.run(scriptPath(name), ['--tasks', '3', ...flags]),
    ]);

    const { result } = fleet;
    const said = [fleet.stderr, ...(result?.verdict.reasons ?? []), ...(result?.warnings ?? [])].join('\n');
    expect(fleet.code, said).toBe(code);
    expect(said).toContain(says);
    if (plain === null) return;
    expect(plain.ended.code, plain.ended.stderr).toBe(code);
    expect(plain.ended.stderr).toContain(says);
    if (compare === 'exit code') return;
    expect(differences(plain, result, { counts: tolerance, vus })).toEqual([]);
    expect(await writtenFiles(ours.dir)).toEqual(await writtenFiles(theirs));
    if (expected.ownStdout) expect(fleet.stdout.startsWith(plain.ended.stdout), fleet.stdout).toBe(true);
    if (expected.console && result !== null) {
      expect(consoleLines(await taskLogs(ours.storeDir, result))).toEqual(consoleLines(plain.ended.stderr));
    }
  });
});
