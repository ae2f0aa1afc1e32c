import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { packageRoot } from '../../../cli/package-root.ts';
import { type Ended, Sandbox } from '../../support/fleet.ts';
import { startTlsServer } from '../../support/tls-server.ts';
import { differences } from '../parity/compare.ts';
import { runPlain } from '../parity/plain.ts';

vi.setConfig({ maxConcurrency: 2 });

/** The k6 examples of the project's first description, as they stand there, mistakes included. */
const SEED = join(packageRoot, 'test', 'e2e', 'k6-scripts', 'seed');
/** The host that they send their requests to. */
const HOST = 'api.financial-dashboard.com';

const sandbox = await Sandbox.create();
const address = await startTlsServer(HOST, (request, response) => {
  request.resume();
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ revenue: 1, answer: 'a', sql: 'select 1' }));
});

interface Case {
  /** Changes of the script's options that make its load short: its text stays. */
  options: Record<string, unknown>;
  code: number;
  /** By how much counts may differ: iterations with pauses of random length. */
  tolerance: number;
  /** What a reader of the terminal sees, of k6-fleet alone. */
  sees: (RegExp | string)[];
  /** The only error in the log of k6, one in every iteration. Default: none. */
  throws?: string;
}

const stages = (...targets: number[]) => targets.map((target) => ({ target, duration: '1s' }));

const cases: Record<string, Case> = {
  // Iterations of 1 to 4 s, of VUs that start in the ramp: one or two for each.
  'api-load-test.js': {
    options: { stages: stages(6, 6, 0) },
    code: 0,
    tolerance: 12,
    sees: ['PASSED', '✓ status is 200', '✓ has revenue data', `✓ 'p(99)<1500'`, `✓ 'rate<0.1'`],
  },
  // An iteration takes at least 2 s: one for each VU.
  'ai-query-test.js': {
    options: { vus: 6, duration: '1s' },
    code: 0,
    tolerance: 0,
    sees: ['PASSED', '✓ AI query successful', '✓ has SQL', `✓ 'p(95)<10000'`],
  },
  // Without pauses: as many iterations as minIterationDuration lets through, three requests in each.
  'connection-pool-test.js': {
    options: { stages: stages(3, 6, 9), minIterationDuration: '250ms' },
    code: 0,
    tolerance: 60,
    sees: ['PASSED', '✓ database query successful'],
  },
  // It does not import k6/http: every iteration ends with an exception, and no request is made. k6's exit code is 0.
  'spike-test.js': {
    options: { stages: stages(3, 6, 3), minIterationDuration: '250ms' },
    code: 0,
    tolerance: 20,
    sees: [
      /PASSED {2}exit code 0 {2}— but \d+ of \d+ iterations threw an\s+exception,\s+and no request was sent/,
      /✗ \d+ × ReferenceError: http is not defined\n.*in 3 of 3 tasks/,
    ],
    throws: 'ReferenceError: http is not defined',
  },
  // It imports Trend from k6, which has none: these are k6's words.
  'custom-metrics-test.js': {
    options: {},
    code: 107,
    tolerance: 0,
    sees: [/TypeError: .*\n.*custom-metrics-test\.js:5:27/],
  },
};

test('every script of the folder is a case', () => {
  expect(readdirSync(SEED).sort()).toEqual(Object.keys(cases).sort());
});

/** A script that runs another one's function with changed options. */
const wrapper = (name: string, options: Record<string, unknown>) => `
import * as script from ${JSON.stringify(join(SEED, name))};
export default script.default;
export const options = {
  ...script.options,
  ...${JSON.stringify({ ...options, hosts: { [HOST]: address }, insecureSkipTLSVerify: true })},
};`;

describe.concurrent('a script of the seed, by k6 and by k6-fleet', () => {
  test.each(Object.entries(cases))('%s', async (name, { options, code, tolerance, sees, throws }) => {
    const ours = await sandbox.within(name);
    const script = await ours.script('script.js', wrapper(name, options));

    const [plain, fleet] = await Promise.all([
      runPlain(script, `${ours.dir}.plain`, {}),
      ours.run(script, ['--tasks', '3']),
    ]);

    const terminal = screen(fleet);
    expect(plain.ended.code, plain.ended.stderr).toBe(code);
    expect(fleet.code, terminal).toBe(code);
    expect(differences(plain, fleet.result, { counts: tolerance })).toEqual([]);
    for (const text of sees) expect(terminal).toMatch(text);
    if (fleet.result === null) return;
    const { errors, notes, metrics } = fleet.result;
    const found = errors.map(({ message, count }) => ({ message, count }));
    const iterations = metrics.iterations?.values.count ?? 0;
    expect(found).toEqual(throws === undefined ? [] : [{ message: throws, count: iterations }]);
    expect(notes).toEqual(
      throws === undefined
        ? []
        : [`${iterations} of ${iterations} iterations threw an exception`, 'no request was sent'],
    );
  });
});

const screen = ({ stderr, stdout }: Ended): string => `${stderr}\n${stdout}`;
