import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textWidth } from '../../../../cli/render/line.ts';
import { liveLine, liveLines } from '../../../../cli/render/live-view.ts';
import { planText } from '../../../../cli/render/plan-text.ts';
import { type RunRow, runsText } from '../../../../cli/render/runs-text.ts';
import { verdictText } from '../../../../cli/render/verdict-text.ts';
import type { Plan } from '../../../../core/contract/plan.ts';
import { samplePlan, sampleResult, sampleView } from './samples.ts';

const sampleRuns: RunRow[] = [
  {
    id: '20261123-043000-spike-7f3a',
    name: 'spike',
    state: 'finished',
    startedAt: '2026-11-23T04:30:00Z',
    durationMs: 301_500,
    tasks: 4,
    verdict: { passed: false, exitCode: 121 },
  },
  {
    id: '20261123-053000-soak-1a2b',
    name: 'soak',
    state: 'running',
    startedAt: null,
    durationMs: null,
    tasks: 120,
    verdict: null,
  },
];
const files = [{ label: 'report', path: '/var/lib/k6-fleet/runs/20261123-043000-spike-7f3a/report.html' }];

// biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what is looked for
const escapes = /\u001b\[\d+m/g;

/** Fields fixed by their types, and integers that are shown as they are. */
const fixed = new Set([
  ...['t', 'at', 'intervalSeconds', 'startedAt', 'phase', 'type', 'contains', 'operator', 'aggregate'],
  ...['exitCode', 'task', 'percentile', 'value'],
]);

/** The value with every number and every string in it replaced. */
function scrambled<T>(value: T, number: () => number, text: () => string, key = ''): T {
  if (fixed.has(key)) return value;
  if (typeof value === 'number') return number() as T;
  if (typeof value === 'string') return text() as T;
  if (Array.isArray(value)) return value.map((item) => scrambled(item, number, text)) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([k, item]) => [k, scrambled(item, number, text, k)])) as T;
}

const renderers: Record<string, (change: <T>(value: T) => T, width: number, colours: boolean) => string> = {
  live: (change, width, colours) => liveLines(change(sampleView), width, colours).join('\n'),
  launching: (change, width, colours) =>
    liveLines({ ...change(sampleView), phase: 'launching' }, width, colours).join('\n'),
  plan: (change, width, colours) => planText(change(samplePlan), { width, colours, withId: true }),
  verdict: (change, width, colours) => verdictText(change(sampleResult), width, colours, change(files)),
  runs: (change, width, colours) => runsText(change(sampleRuns), width, colours),
};

describe.each(Object.entries(renderers))('%s', (_, render) => {
  it.each([40, 80, 160])('is as recorded on %d columns', (width) => {
    expect(render((value) => value, width, false)).toMatchSnapshot();
  });

  it('has colours only if asked', () => {
    const [plain, coloured] = [false, true].map((colours) => render((value) => value, 80, colours)) as [string, string];
    expect(plain).not.toMatch(escapes);
    expect(coloured).toMatch(escapes);
    expect(coloured.replace(escapes, '')).toBe(plain);
  });

  it('fits the width and says something, whatever the numbers and names are', () => {
    const numbers = fc.array(
      fc.oneof(fc.double(), fc.nat(), fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY)),
      {
        minLength: 1,
      },
    );
    // fast-check tries names such as `NaN`, which the assertions below would mistake for a number.
    const innocent = (text: string) => text.replace(/[Nu]/g, 'x');
    const strings = fc
      .oneof(fc.string({ unit: 'binary' }), fc.string({ minLength: 100, maxLength: 300 }))
      .map(innocent);
    const texts = fc.array(strings, { minLength: 1 });
    fc.assert(
      fc.property(numbers, texts, fc.integer({ min: 40, max: 200 }), (someNumbers, someTexts, width) => {
        let count = 0;
        const number = () => someNumbers[count++ % someNumbers.length] as number;
        const text = () => someTexts[count++ % someTexts.length] as string;
        const rendered = render((value) => scrambled(value, number, text), width, false);
        for (const line of rendered.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(width);
        expect(rendered).not.toMatch(/\p{Cc}(?<!\n)/u);
        expect(rendered).not.toMatch(/NaN|undefined/);
      }),
    );
  });
});

describe('the live view', () => {
  it('is one line for a pipe', () => {
    expect(liveLine(sampleView)).toBe(
      'running 3:12 / 10:00 | tasks 18/20 | VUs 1,234 | 4,321/s | 0.12% failed | p50 23.4ms p95 120ms p99 1.45s | ' +
        '3 checks failed | target 3/6 | 1 lost | failing: http_req_duration{status:200} p(95)<500, checks rate>0.99',
    );
    expect(liveLine({ ...sampleView, phase: 'launching', thresholds: [] })).toBe(
      'launching 20/20 tasks ready | 1 lost',
    );
  });

  it('counts what is in the logs of the tasks', () => {
    const errors = { exceptions: 1204, requests: 33, errors: 0, warnings: 1, top: [] };
    const text = liveLines({ ...sampleView, errors }, 80, false).join('\n');
    expect(text).toMatch(/^errors +1,204 exceptions {3}33 request errors {3}1 warning$/m);
    expect(liveLine({ ...sampleView, errors })).toContain(' | 1,204 exceptions | 33 request errors | 1 warning | ');
  });

  it('shows a few of many failing thresholds', () => {
    const thresholds = Array.from({ length: 12 }, (_, i) => ({
      name: `metric_${i} p(95)<1`,
      state: 'failing' as const,
    }));
    const text = liveLines({ ...sampleView, thresholds }, 80, false).join('\n');
    expect(text).toContain('metric_2');
    expect(text).not.toContain('metric_3');
    expect(text).toContain('and 9 more');
  });

  it('counts the thresholds that pass and those that are not decided yet', () => {
    const text = liveLines(sampleView, 200, false).join('\n');
    expect(text).toMatch(/✗ checks rate>0.99 +✓ 1 passing +… 1 undecided/);
    expect(liveLines({ ...sampleView, phase: 'launching' }, 200, false).join('\n')).not.toContain('passing');
  });

  it('has no target without an observer', () => {
    expect(liveLines({ ...sampleView, target: null }, 80, false).join('\n')).not.toContain('target');
  });
});

describe('the clock', () => {
  const position = (change: Partial<typeof sampleView>) => liveLine({ ...sampleView, ...change }).split(' | ')[0];

  it('shows the planned duration only while the load is within it', () => {
    expect(position({ elapsedMs: 600_000 })).toBe('running 10:00 / 10:00');
    expect(position({ elapsedMs: 601_000 })).toBe('running 10:01');
    expect(position({ phase: 'stopping', elapsedMs: 5000 })).toBe('stopping 0:05');
    expect(position({ phase: 'teardown', elapsedMs: 601_000 })).toBe('teardown 10:01');
  });

  const shop = { name: 'shop', executor: 'shared-iterations', done: 6000, total: 10_000, unit: 'iterations' } as const;
  const api = { name: 'api', executor: 'constant-vus', done: 12_000, total: 60_000, unit: 'ms' } as const;
  const iterating = { ...sampleView, elapsedMs: 12_000, durationMs: 600_000, isDurationMaximum: true, progress: 0.6 };

  it('counts the iterations of a single scenario that has a number of them', () => {
    const view = { ...iterating, scenarios: [shop] };
    expect(position(view)).toBe('running 0:12, 6,000/10,000 iterations');
    const lines = liveLines(view, 80, false);
    expect(lines[0]).toMatch(/^running +█+.?░* +0:12, 6,000\/10,000 iterations +60%$/);
    expect(lines.join('\n')).not.toContain('scenarios');
  });

  it('has a bar for each of several scenarios, and the duration only as a maximum', () => {
    const view = { ...iterating, scenarios: [shop, api] };
    const lines = liveLines(view, 80, false);
    expect(lines[0]).toMatch(/0:12 \/ at most 10:00 +60%$/);
    expect(lines[1]).toMatch(/^scenarios +shop +█{12}░{8} +60% {2}6,000\/10,000 iterations$/);
    expect(lines[2]).toMatch(/^ +api +█{4}░{16} +20% {2}0:12 \/ 1:00$/);
    expect(liveLine(view)).toMatch(
      /^running 0:12 \/ at most 10:00 \| shop 6,000\/10,000 iterations, api 0:12 \/ 1:00 \| /,
    );
    expect(liveLine({ ...view, phase: 'teardown' })).toMatch(/^teardown 0:12 \| tasks/);
  });

  it('shows a few of many scenarios, first those that are not done', () => {
    const done = { ...shop, name: 'done', done: 10_000 };
    const scenarios = [done, ...Array.from({ length: 49 }, (_, i) => ({ ...api, name: `s${i}` }))];
    const text = liveLines({ ...iterating, scenarios, moreScenarios: 10 }, 80, false).join('\n');
    expect(text).toContain('s3 ');
    expect(text).not.toContain('s4 ');
    expect(text).not.toMatch(/^ +done /m);
    expect(text).toContain('and 56 more');
  });

  it('has a bar only as long as the progress is known', () => {
    expect(liveLines(sampleView, 80, false)[0]).toContain('32%');
    expect(liveLines({ ...sampleView, phase: 'teardown' }, 80, false)[0]).toBe('teardown   3:12');
  });
});

describe('the plan', () => {
  it('gives the duration only as a maximum if iterations may end the load', () => {
    const shop = { name: 's', executor: 'shared-iterations', startMs: 0, durationMs: 600_000, iterations: 100 };
    const api = { name: 'a', executor: 'constant-vus', startMs: 0, durationMs: 30_000, iterations: null };
    const durationOf = (scenarios: Plan['scenarios']) =>
      planText({ ...samplePlan, scenarios, loadMs: 600_000 }, { width: 80, colours: false }).match(
        /^duration +(.*)$/m,
      )?.[1];
    expect(durationOf([shop])).toBe('at most 10m 30s');
    expect(durationOf([shop, api])).toBe('at least 30s, at most 10m 30s');
    expect(durationOf([{ ...api, durationMs: 600_000 }])).toBe('10m, at most 10m 30s with graceful stops');
  });

  it('groups equal tasks', () => {
    expect(planText(samplePlan, { width: 80, colours: false })).toContain('3 with 250 VUs each, 1 with 249 VUs\n');
  });

  it('shows a range of VUs, a fixed number of iterations and the limit on requests', () => {
    const tasks = [0, 1].map(() => ({ segment: '0:1/2', vus: 10, maxVUs: 100, iterations: 500, rps: 25 }));
    const fixed = { name: 's', executor: 'shared-iterations', startMs: 0, durationMs: 600_000, iterations: 1000 };
    const text = planText({ ...samplePlan, tasks, scenarios: [fixed] }, { width: 80, colours: false });
    expect(text).toContain('2 with 10 to 100 VUs each');
    expect(text).toContain('20 at the start, at most 200');
    expect(text).toContain('1,000 in total');
    expect(text).toContain('50 requests/s in total');
    const mixed = planText(
      { ...samplePlan, scenarios: [fixed, ...samplePlan.scenarios] },
      { width: 80, colours: false },
    );
    expect(mixed).toContain('iterations at least 1,000\n');
  });

  it('has a run id only for a run', () => {
    expect(planText(samplePlan, { width: 80, colours: false })).not.toContain(samplePlan.id);
  });

  it('uses the singular for one', () => {
    const tasks = [{ segment: '0:1', vus: 1, maxVUs: 1, iterations: 1, rps: null }];
    expect(planText({ ...samplePlan, tasks }, { width: 80, colours: false })).toContain('tasks      1 with 1 VU\n');
  });

  it('says that expectations cannot be judged without an observer', () => {
    const target = { observe: null, minPeakTasks: 4 };
    expect(planText({ ...samplePlan, target }, { width: 80, colours: false })).toContain('cannot be judged');
  });
});

describe('the verdict', () => {
  it('says that a run passed', () => {
    const verdict = { passed: true, exitCode: 0, reasons: [] };
    expect(verdictText({ ...sampleResult, verdict, notes: [] }, 80, false)).toMatch(/^PASSED {2}exit code 0\n/);
  });

  it('says in its first line that the iterations of a run that passed threw an exception', () => {
    const result = { ...sampleResult, verdict: { passed: true, exitCode: 0, reasons: [] } };
    const notes = ['347 of 347 iterations threw an exception', 'no request was sent'];
    expect(verdictText({ ...result, notes }, 120, false)).toMatch(
      /^PASSED {2}exit code 0 {2}— but 347 of 347 iterations threw an exception, and no request was sent\n/,
    );
    expect(verdictText({ ...sampleResult, notes }, 120, false)).toMatch(/^FAILED {2}exit code 121 {2}— 347 of 347/);
  });

  it('lists five of the errors of a script, with what the script itself writes at the end', () => {
    const [first] = sampleResult.errors;
    if (first === undefined) throw new Error('the sample has no errors');
    const errors = Array.from({ length: 7 }, (_, i) => ({ ...first, message: `message ${i}`, count: 100 - i }));
    const own = { ...first, message: 'written by the script', source: 'console' as const, count: 1000 };
    const text = verdictText({ ...sampleResult, errors: [own, ...errors] }, 120, false);
    expect(text.slice(text.indexOf('Errors'))).toMatch(/^Errors\n {2}✗ 100 × message 0\n/);
    expect(text).toContain('98 × message 2');
    expect(text).not.toContain('message 5');
    expect(text).not.toContain('written by the script');
    expect(text).toContain('and 3 more messages');
  });

  it('names how requests failed', () => {
    const failed = (status: string, errorCode: string) => {
      const result = { ...sampleResult, failedRequests: [{ status, errorCode, count: 1204 }] };
      return /^failed +(.*)$/m.exec(verdictText(result, 200, false))?.[1];
    };
    expect(failed('503', '1503')).toBe('503: 1,204');
    expect(failed('503', '1000')).toBe('503, error 1000 (other): 1,204');
    expect(failed('0', '1212')).toBe('error 1212 (connection refused): 1,204');
    expect(failed('0', '1999')).toBe('error 1999: 1,204');
    expect(failed('', '1050')).toBe('error 1050 (timeout): 1,204');
    expect(failed('', '')).toBe('without the tags status and error_code: 1,204');
    expect(failed('(other)', '')).toBe('others: 1,204');
  });

  it('says what was lost, and when', () => {
    expect(verdictText(sampleResult, 120, false)).toContain(
      '✗ task 2 lost at 2:31, 12.4% of the planned load missing: no status for 60s, the process is gone\n',
    );
  });

  it('stays short if many tasks are lost', () => {
    const tasks = Array.from({ length: 500 }, () => sampleResult.tasks[2] as (typeof sampleResult.tasks)[0]);
    const text = verdictText({ ...sampleResult, tasks }, 80, false);
    expect(text).toContain('and 490 more tasks');
  });

  it('shows a long observation after the load in one row', () => {
    const target = sampleResult.target as NonNullable<typeof sampleResult.target>;
    const last = target.timeline.at(-1) as (typeof target.timeline)[number];
    const timeline = [...target.timeline, { ...last, at: last.at + 240_000 }];
    const text = verdictText({ ...sampleResult, target: { ...target, timeline } }, 160, false);
    expect(text.match(/^ +\d+:\d+ +– .*$/gm)).toEqual([expect.stringMatching(/^ +8:30 .* 6\/6$/)]);
  });

  it('handles a run without a start, a target or a series', () => {
    const run = { ...sampleResult.run, startedAt: null };
    expect(verdictText({ ...sampleResult, run }, 80, false)).toContain('the test never started');
    expect(verdictText({ ...sampleResult, target: null }, 80, false)).not.toContain('target ');
    const series = { intervalSeconds: 1, points: [] };
    expect(verdictText({ ...sampleResult, series }, 80, false)).toContain('2/6');
  });
});

describe('the runs', () => {
  it('says so if there are none', () => {
    expect(runsText([], 80)).toBe('no runs\n');
  });

  it('has every column in full on a width without limit, as for a pipe', () => {
    const name = 'a-name-'.repeat(30);
    const [row] = sampleRuns as [RunRow];
    expect(runsText([{ ...row, name }], Number.POSITIVE_INFINITY)).toContain(`  ${name}  2026-11-23 04:30:00  5m 2s`);
  });

  it('keeps id and outcome on a narrow terminal', () => {
    const text = runsText(sampleRuns, 40);
    expect(text).toContain('20261123-043000-spike-7f3a  failed (121)\n');
    expect(text).toContain('20261123-053000-soak-1a2b   running\n');
  });
});
