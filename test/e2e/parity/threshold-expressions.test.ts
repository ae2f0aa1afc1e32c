import { describe, expect, test } from 'vitest';
import { localBackend } from '../../../cli/prepare/backend.ts';
import { prepare } from '../../../cli/prepare/prepared-run.ts';
import { K6Exit } from '../../../core/contract/exit-codes.ts';
import { UserError } from '../../../core/errors.ts';
import { k6Binary, plainK6, Sandbox } from '../../support/fleet.ts';
import { accepted, refused } from './scripts/files/expressions.ts';

const sandbox = await Sandbox.create();

const script = (name: string, thresholds: unknown) =>
  sandbox.script(
    name,
    `import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
     new Counter('a_counter'); new Gauge('a_gauge'); new Rate('a_rate'); new Trend('a_trend');
     export const options = { vus: 3, iterations: 3, thresholds: ${JSON.stringify(thresholds)} };
     export default function () {}`,
  );

const plan = (path: string) =>
  prepare({ script: path, backend: localBackend, k6: k6Binary, tasks: 3, env: {}, strict: false });

/** Every aggregate that any type has, on metrics of all types: k6 decides which go together. */
const combinations = ['a_counter', 'a_gauge', 'a_rate', 'a_trend'].flatMap((metric) =>
  ['value', 'count', 'rate', 'avg', 'min', 'med', 'max', 'p(90)'].map((aggregate) => ({ metric, aggregate })),
);

describe('a threshold expression', () => {
  test.each(refused)('that k6 refuses is refused in its words: %j', async (expression) => {
    const path = await script('refused.js', { a_trend: [expression] });
    const plain = await plainK6(['run', '-q', '--log-format=raw', path]);
    expect(plain.code).toBe(K6Exit.invalidConfig);
    const error = await plan(path).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ message: plain.stderr.trim(), exitCode: K6Exit.invalidConfig });
  });

  // That k6 accepts them, and that both judge alike, is shown by the script thresholds-odd.js.
  test('that k6 accepts is in the plan', async () => {
    const { plan: made } = await plan(await script('accepted.js', { a_trend: accepted }));
    expect(made.thresholds.map(({ thresholds }) => thresholds.map(({ source }) => source))).toEqual([accepted]);
  });

  test.each(combinations)('with $aggregate on $metric goes as in k6', async ({ metric, aggregate }) => {
    const path = await script('combination.js', { [metric]: [`${aggregate}>=0`] });
    const plain = await plainK6(['archive', '--log-format=raw', '-O', sandbox.path('plain.tar'), path]);
    const answer = await plan(path).then(
      () => ({ code: 0, said: '' }),
      (error: UserError) => ({ code: error.exitCode, said: error.message }),
    );
    expect(answer).toEqual({ code: plain.code, said: plain.stderr.trim() });
  });
});
