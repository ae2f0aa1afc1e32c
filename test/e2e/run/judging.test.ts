/** Thresholds while the run is under way, and VUs of tasks that end apart: beside plain k6. */
import { readFile } from 'node:fs/promises';
import { describe, expect, test, vi } from 'vitest';
import { plainK6, Sandbox } from '../../support/fleet.ts';
import { startServer } from '../../support/http-server.ts';

// Each test runs five k6 at once.
vi.setConfig({ maxConcurrency: 3 });

const sandbox = await Sandbox.create();
const server = await startServer();
const hits = (path: string) => server.requests.get(`GET /${path}`) ?? 0;

const IMPORTS = `
import http from 'k6/http';
import { sleep } from 'k6';
import { Counter, Rate } from 'k6/metrics';
`;

/** Runs a script by plain k6 and by three tasks. The script requests `${BASE}/…`, whose path begins with who runs it. */
async function both(name: string, text: string) {
  const script = await sandbox.script(`${name}.js`, IMPORTS + text);
  const env = (who: string) => ['-e', `BASE=${server.url}/${name}-${who}`];
  const summary = sandbox.path(`${name}.json`);
  const [plain, fleet] = await Promise.all([
    plainK6(['run', '-q', `--summary-export=${summary}`, ...env('plain'), script], { cwd: sandbox.dir }),
    sandbox.run(script, ['--tasks', '3', ...env('fleet')]),
  ]);
  const { metrics } = JSON.parse(await readFile(summary, 'utf8')) as {
    metrics: Record<string, Record<string, number>>;
  };
  const gauge = (values: Record<string, number | null> | undefined) => [values?.value, values?.min, values?.max];
  const result = fleet.result;
  if (result === null) throw new Error(fleet.stderr);
  return {
    codes: [plain.code, fleet.code],
    reasons: result.verdict.reasons,
    plainError: plain.stderr,
    result,
    vus: { plain: gauge(metrics.vus), fleet: gauge(result.metrics.vus?.values) },
    vusMax: { plain: gauge(metrics.vus_max), fleet: gauge(result.metrics.vus_max?.values) },
  };
}

describe.concurrent('thresholds with abortOnFail', () => {
  test('a rate of requests is judged on the seconds that all tasks have delivered', async () => {
    const { codes, reasons } = await both(
      'rate',
      `export const options = {
        scenarios: { s: { executor: 'constant-arrival-rate', rate: 60, duration: '6s', preAllocatedVUs: 6 } },
        thresholds: { http_reqs: [{ threshold: 'rate>54', abortOnFail: true, delayAbortEval: '2500ms' }] },
      };
      export default function () { http.get(__ENV.BASE); }`,
    );
    expect(reasons).toEqual([]);
    expect(codes).toEqual([0, 0]);
  });

  test('crossed in setup(), the run ends at once, without load and teardown()', async () => {
    const { codes, reasons, result } = await both(
      'in-setup',
      `const seen = new Counter('seen');
      export const options = { vus: 3, duration: '2s', thresholds: { seen: [{ threshold: 'count<1', abortOnFail: true }] } };
      // If a single sleep were interrupted, k6 would call teardown() whenever setup() returned before it stops.
      export function setup() { seen.add(1); for (;;) sleep(0.5); }
      export default function () { http.get(__ENV.BASE); }
      export function teardown() { http.get(__ENV.BASE + '-teardown'); }`,
    );
    expect(codes).toEqual([99, 99]);
    expect(reasons[0]).toContain("thresholds on metrics 'seen' were crossed; at least one has abortOnFail enabled");
    for (const who of ['plain', 'fleet'])
      expect([hits(`in-setup-${who}`), hits(`in-setup-${who}-teardown`)]).toEqual([0, 0]);
    expect(result.run.startedAt).toBeNull();
    expect(result.run.testRunDurationMs).toBeLessThan(15_000);
  });

  test('crossed in teardown(), it runs to its end and the run fails, also if the threshold passes then', async () => {
    const { codes, reasons, plainError } = await both(
      'in-teardown',
      `const good = new Rate('good');
      export const options = { vus: 3, duration: '1s', thresholds: { good: [{ threshold: 'rate>0.4', abortOnFail: true }] } };
      export default function () { sleep(0.2); }
      export function teardown() {
        good.add(false);
        sleep(5);
        good.add(true);
        http.get(__ENV.BASE + '-end');
      }`,
    );
    expect(codes).toEqual([99, 99]);
    expect(plainError).toContain("thresholds on metrics 'good' were crossed; at least one has abortOnFail enabled");
    expect(reasons).toEqual([
      "thresholds on metrics 'good' were crossed; at least one has abortOnFail enabled, stopping test prematurely",
    ]);
    expect([hits('in-teardown-plain-end'), hits('in-teardown-fleet-end')]).toEqual([1, 1]);
  });
});

describe.concurrent('vus and vus_max', () => {
  const iterations = 'export default function () { sleep(0.1); }';

  test('of a ramp-down', async () => {
    const { codes, vus, vusMax } = await both(
      'ramp-down',
      `export const options = {
        scenarios: { s: { executor: 'ramping-vus', startVUs: 6, gracefulRampDown: '0s',
          stages: [{ duration: '2s', target: 6 }, { duration: '2s', target: 1 }, { duration: '2s', target: 1 }] } },
        thresholds: { vus: ['value<=2'] },
      };
      ${iterations}`,
    );
    expect(codes).toEqual([0, 0]);
    expect(vus.fleet).toEqual(vus.plain);
    expect(vusMax.fleet).toEqual(vusMax.plain);
  });

  test('of scenarios that end apart: tasks without work have no VUs, but have initialised them', async () => {
    const { codes, vus, vusMax } = await both(
      'apart',
      `export const options = {
        scenarios: {
          many: { executor: 'constant-vus', vus: 6, duration: '3s' },
          one: { executor: 'constant-vus', vus: 1, duration: '6s' },
        },
        thresholds: { vus: ['value==1'], vus_max: ['value==7'] },
      };
      ${iterations}`,
    );
    expect(codes).toEqual([0, 0]);
    expect(vus.fleet).toEqual(vus.plain);
    expect(vusMax.fleet).toEqual(vusMax.plain);
    expect([vus.plain, vusMax.plain]).toEqual([
      [1, 1, 7],
      [7, 7, 7],
    ]);
  });

  test.each([
    ['setup', [6, 0, 6]],
    ['teardown', [0, 0, 6]],
  ])('with %s() of 2.2 s: no VU is active in it', async (job, expected) => {
    const { codes, vus, vusMax } = await both(
      job,
      `export const options = { vus: 6, duration: '2500ms', thresholds: { vus: ['value==${expected[0]}'] } };
      export function ${job}() { sleep(2.2); }
      ${iterations}`,
    );
    expect(codes).toEqual([0, 0]);
    expect([vus.plain, vus.fleet]).toEqual([expected, expected]);
    expect([vusMax.plain, vusMax.fleet]).toEqual([
      [6, 6, 6],
      [6, 6, 6],
    ]);
  });
});
