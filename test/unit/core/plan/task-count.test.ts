import { expect, test } from 'vitest';
import { autoTasks, type TaskCountInput, taskCount } from '../../../../core/plan/task-count.ts';

const input = (change: Partial<TaskCountInput>): TaskCountInput => ({
  flag: undefined,
  option: undefined,
  maxVUs: 8,
  usefulTasks: 8,
  rps: undefined,
  autoTasks: 4,
  strict: true,
  ...change,
});

test.each([
  [1, 8, 1],
  [250, 8, 1],
  [251, 8, 2],
  [100_000, 8, 8],
  [0, 8, 1],
])('auto: %i VUs on %i processors are %i tasks', (maxVUs, processors, tasks) =>
  expect(autoTasks(maxVUs, processors)).toBe(tasks),
);

test.each<[string, Partial<TaskCountInput>, number]>([
  ['the command line wins', { flag: 2, option: 3 }, 2],
  ["the script's option", { option: 3 }, 3],
  ['auto by default', { maxVUs: 700 }, 3],
  ['auto leaves no task idle', { maxVUs: 700, usefulTasks: 2 }, 2],
  ['auto on the command line', { flag: 'auto', option: 3, maxVUs: 200 }, 1],
  ['one task may have no VU', { flag: 1, maxVUs: 0 }, 1],
  ['more tasks than VUs, unless strict', { flag: 9, strict: false }, 9],
])('%s', (_, change, count) => expect(taskCount(input(change))).toEqual({ count, warnings: [] }));

test.each<[Partial<TaskCountInput>, string]>([
  [
    { flag: 4, maxVUs: 1 },
    '--tasks 4: the script has only 1 VU, and a task needs at least one; raise vus in the script (or set K6_VUS), or use --tasks 1',
  ],
  [
    { option: 9 },
    'options.ext.fleet.tasks is 9: the script has only 8 VUs, and a task needs at least one; raise vus in the script (or set K6_VUS), or use --tasks 8 or fewer',
  ],
])('refuses more tasks than VUs: %o', (change, message) =>
  expect(() => taskCount(input(change))).toThrow(expect.objectContaining({ message, exitCode: 104 })),
);

test('no task gets a share of rps of 0', () =>
  expect(taskCount(input({ flag: 4, rps: 2 }))).toEqual({
    count: 2,
    warnings: [expect.stringContaining('rps 2 is below the number of tasks (4): using 2 tasks')],
  }));
